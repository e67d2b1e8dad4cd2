"""Answers for every product of the team; refuses what no model of it can be asked.

{"samples": [{"product": "cultivar", "values": {…}}, …]} in, an answer for each sample out.
"""

import json
import os
from pathlib import Path

from features import RefusedError, load
from refused import refused

MOST_SAMPLES = 1000
loaded = {}


def init():
    """Load each model: in NAME/VERSION where there are several, else in the folder itself."""
    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    for card in sorted([*folder.glob("card.json"), *folder.glob("*/*/card.json")]):
        model = load(card.parent)
        loaded[model.product] = model
        print(f"loaded {model.product}, trained on {model.facts['rows']} rows")


def run(data):
    try:
        samples = samples_of(data)
        return {"answers": [answer(number, sample) for number, sample in enumerate(samples)]}
    except RefusedError as refusal:
        return refused(str(refusal))


def samples_of(data):
    try:
        samples = json.loads(data)["samples"]
    except (ValueError, TypeError, KeyError):
        raise RefusedError('the body must be JSON, as in {"samples": […]}') from None
    if not isinstance(samples, list) or not 1 <= len(samples) <= MOST_SAMPLES:
        raise RefusedError(f"samples must be a list of 1 to {MOST_SAMPLES}")
    return samples


def answer(number, sample):
    product = sample.get("product") if isinstance(sample, dict) else None
    if product not in loaded:
        raise RefusedError(f"samples[{number}]: product must be one of {', '.join(sorted(loaded))}")
    model, values = loaded[product], sample.get("values")
    try:
        row = model.ranges.row(values)
    except RefusedError as refusal:
        raise RefusedError(f"samples[{number}]: {refusal}") from None
    answered = {"product": product, **told(model, model.estimator.predict_proba([row])[0].tolist())}
    outside = model.ranges.outside(values)
    return {**answered, "outside": outside} if outside else answered


def told(model, shares):
    """The label that a model gives: the likeliest, or what its threshold says."""
    facts = model.facts
    if "threshold" not in facts:
        best = max(range(len(shares)), key=shares.__getitem__)
        return {"label": str(model.estimator.classes_[best]), "share": round(shares[best], 4)}
    is_positive = shares[-1] >= facts["threshold"]
    label = facts["positive"] if is_positive else f"not {facts['positive']}"
    return {"label": label, "share": round(shares[-1], 4)}
