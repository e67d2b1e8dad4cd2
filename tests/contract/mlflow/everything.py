# mypy: ignore-errors
# ruff: noqa: BLE001, PTH103, PTH118, PTH123, PTH202, PTH208, TRY301, UP031 - as its users write
"""What scripts do with MLflow, in any version of it from 1.30 on; tells what it saw as JSON."""

import json
import os

import mlflow
from mlflow.tracking import MlflowClient

AGE = tuple(int(part) for part in mlflow.__version__.split(".")[:2])
seen = {"version": mlflow.__version__}
client = MlflowClient()

experiment = mlflow.set_experiment("digits of 2018")
seen["experiment"] = [experiment.name, mlflow.get_experiment_by_name("digits of 2018").name]
with mlflow.start_run() as run:
    mine = run.info.run_id
    mlflow.log_param("alpha", 0.1)
    mlflow.log_params({"depth": 3, "kind": "a b"})
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metrics({"acc": 0.5, "odd": float("nan"), "far": float("-inf")})
    mlflow.set_tag("stage", "try")
    mlflow.set_tags({"a": "1", "gone": "x"})
    mlflow.delete_tag("gone")
    mlflow.log_text("a text", "notes/text.txt")
    mlflow.log_dict({"a": 1}, "notes/a.json")
    os.makedirs("plots/inner", exist_ok=True)
    for name in ("plots/one.txt", "plots/inner/two.txt", "plots/empty"):
        with open(name, "w") as file:
            file.write("" if name == "plots/empty" else name)
    mlflow.log_artifacts("plots", artifact_path="kept")
    mlflow.log_artifact("plots/one.txt")
    try:
        mlflow.log_param("alpha", 0.2)
    except Exception as failure:
        seen["changed"] = "Changing param values is not allowed" in str(failure)
found = client.get_run(mine)
seen["run"] = mine
seen["params"], seen["metrics"] = (
    found.data.params,
    {k: str(v) for k, v in found.data.metrics.items()},
)
seen["tags"] = {key: found.data.tags.get(key) for key in ("stage", "a", "gone")}
seen["status"] = found.info.status
seen["series"] = [[m.step, round(m.value, 3)] for m in client.get_metric_history(mine, "loss")]
seen["root"] = sorted(item.path for item in client.list_artifacts(mine))
seen["kept"] = sorted(item.path for item in client.list_artifacts(mine, "kept"))
fetched = client.download_artifacts(mine, "kept") if AGE < (2, 0) else None
fetched = fetched or mlflow.artifacts.download_artifacts(run_id=mine, artifact_path="kept")
with open(os.path.join(fetched, "inner", "two.txt")) as file:
    seen["two"] = file.read()
seen["empty"] = os.path.getsize(os.path.join(fetched, "empty"))

children = []
for number in range(3):
    with mlflow.start_run(run_name="trial %d" % number) as trial:
        children.append(trial.info.run_id)
        mlflow.log_metric("score", number)
        mlflow.log_param("number", number)
        with mlflow.start_run(nested=True) as inner:
            children.append(inner.info.run_id)
try:
    with mlflow.start_run(run_name="broken"):
        raise ValueError("broken on purpose")
except ValueError:
    pass
seen["children"] = children
ids = [experiment.experiment_id]
seen["best"] = client.search_runs(ids, order_by=["metrics.score DESC"], max_results=1)[
    0
].info.run_id
some = "metrics.score >= 1 and params.number != '2' and tags.mlflow.runName LIKE 'trial%'"
seen["some"] = [one.data.metrics["score"] for one in client.search_runs(ids, some)]
seen["again"] = mlflow.start_run(run_id=children[0]).info.run_id
mlflow.end_run()

flavors = {"python_function": {"loader_module": "nothing"}, "sklearn": {}}
with open("MLmodel", "w") as file:
    json.dump({"flavors": flavors, "run_id": children[0], "artifact_path": "model"}, file)
client.log_artifact(children[0], "MLmodel", "model")
version = mlflow.register_model("runs:/%s/model" % children[0], "digits")
seen["registered"] = [version.name, str(version.version), version.status, version.run_id]
client.update_model_version("digits", "1", description="the first")
client.set_model_version_tag("digits", "1", "checked", "yes")
client.set_registered_model_tag("digits", "team", "us")
client.transition_model_version_stage("digits", "1", "Production")
seen["stage"] = [one.version for one in client.get_latest_versions("digits", ["Production"])]
model = client.get_model_version("digits", "1")
seen["described"] = [model.description, model.tags, client.get_registered_model("digits").tags]
if AGE >= (2, 3):
    client.set_registered_model_alias("digits", "champion", "1")
    seen["alias"] = str(client.get_model_version_by_alias("digits", "champion").version)
seen["found"] = [str(one.version) for one in client.search_model_versions("name='digits'")]
place = mlflow.artifacts.download_artifacts("models:/digits/1") if AGE >= (1, 28) else ""
seen["files"] = sorted(name for name in os.listdir(place) if name != "registered_model_meta")
try:
    client.get_registered_model("nothing")
except Exception as failure:
    seen["missing"] = getattr(failure, "error_code", "")
print("SEEN " + json.dumps(seen))
