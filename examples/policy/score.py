import json
import os

rule = {}


def init():
    with open(os.environ["AZUREML_MODEL_DIR"] + "/rule.json") as file:
        rule.update(json.load(file))


def run(request):
    return [value > rule["threshold"] for value in json.loads(request)["data"]]
