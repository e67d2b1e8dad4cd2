"""A model as files: the estimator, and a card with what its user must know."""

import json
import pickle
from dataclasses import dataclass
from pathlib import Path

from features.ranges import Ranges

ESTIMATOR, CARD = "estimator.pkl", "card.json"


@dataclass(frozen=True)
class Model:
    product: str
    estimator: object
    ranges: Ranges
    facts: dict


def save(folder, product, estimator, table, **facts):
    """Write what a training made; `facts` are kept in the card."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ESTIMATOR).write_bytes(pickle.dumps(estimator))
    facts = {**facts, "rows": len(table)}
    card = {"product": product, "facts": facts, "ranges": Ranges.of(table).ranges}
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n")


def load(folder):
    """Give the model that a training saved."""
    folder = Path(folder)
    card = json.loads((folder / CARD).read_text())
    estimator = pickle.loads((folder / ESTIMATOR).read_bytes())
    return Model(card["product"], estimator, Ranges(card["ranges"]), card["facts"])
