import json
import os


def init():
    global threshold
    path = os.path.join(os.environ["AZUREML_MODEL_DIR"], "rule.json")
    with open(path) as file:
        threshold = json.load(file)["threshold"]


def run(request):
    return [value > threshold for value in json.loads(request)["data"]]
