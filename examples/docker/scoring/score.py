"""Answers which digits images show, as each of two classifiers sees them.

{"data": [[64 pixels], …]} in, {"bayes": […], "svm": […], "agree": share} out.
"""

import json
import os
import pickle
from pathlib import Path

import numpy as np

loaded = {}


def init():
    # With several models the folder has NAME/VERSION/… for each, as Azure ML lays them out.
    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    for name in ("bayes", "svm"):
        [path] = folder.glob(f"{name}/*/model.pkl")
        loaded[name] = pickle.loads(path.read_bytes())


def run(data):
    images = np.array(json.loads(data)["data"])
    told = {name: model.predict(images).tolist() for name, model in loaded.items()}
    return {**told, "agree": float(np.mean(np.equal(told["bayes"], told["svm"])))}
