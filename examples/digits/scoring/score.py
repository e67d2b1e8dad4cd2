"""Answers which digits images show: {"data": [[64 pixels], …]} in, a digit for each out."""

import json
import os
import pickle
from pathlib import Path

import numpy as np

loaded = {}


def init():
    path = Path(os.environ["AZUREML_MODEL_DIR"]) / "model.pkl"
    loaded["model"] = pickle.loads(path.read_bytes())


def run(data):
    images = np.array(json.loads(data)["data"])
    model = loaded["model"]
    return {"digits": model.predict(images).tolist(), "classifier": type(model).__name__}
