"""What scripts of the Azure ML SDK ask of the run's own service, and of their run_config."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from command_line import CommandLine

BLOCKS = """
datastore "local" "blob" {
  path              = "store"
  create_if_missing = true
  default           = true
}
run_config "first" {
  workspace   = workspace.main
  target      = compute.here
  environment = environment.mine
  script      = "first.py"
  arguments   = ["--data", "$AZUREML_DATAREFERENCE_tables/t.csv"]
  env         = { DB_PASSWORD = "not really" }
  input "tables" {
    path = "data"
  }
}
"""
SCRIPT = """
import os, sys
from azureml.core import Dataset, Datastore, Model, Run, Workspace
from azureml.exceptions import ModelNotFoundException, UserErrorException

run, ws = Run.get_context(), Workspace.from_config()
with open(sys.argv[2]) as file:
    assert file.read() == "x,y\\n"
assert os.environ["AZUREML_DATAREFERENCE_tables"] == run.input_datasets["tables"]
assert Dataset.get_by_name(ws, "tables").to_path() == ["/t.csv"]
assert run.get_secret("db-password") == "not really"
assert (ws.name, run.experiment.name) == ("main", "first")

run.log("loss", float("nan"))
run.tag("k", "v")
with open("outputs/m.pkl", "w") as file:
    file.write("weights of " + run.id)
model = run.register_model("kept", "outputs/m.pkl", tags={"a": 1}, description="d")
assert (model.version, model.run_id, model.tags) == (run.number, run.id, {"a": "1"})
assert Model(ws, "kept").id == model.id
with open(Model.get_model_path("kept", version=1)) as file:
    assert file.read().startswith("weights of first_")

others = [each for each in run.experiment.get_runs() if each.id != run.id]
assert len(others) == run.number - 1 and list(ws.experiments) == ["first"]
for other in others:
    assert (other.status, other.number, other.tags) == ("Completed", 1, {"k": "v"})
    assert repr(other.get_metrics()) == "{'loss': nan}"
    assert "outputs/m.pkl" in other.get_file_names()
    other.download_file("outputs/m.pkl", "got/m.pkl")
    with open("got/m.pkl") as file:
        assert file.read() == "weights of " + other.id

store = Datastore.get(ws, "blob")
assert store.name == "blob" and ws.get_default_datastore().folder == store.folder
store.upload_files(["got/m.pkl"] if others else [], target_path="in")
for call, kind in (
    (lambda: Datastore.get(ws, "none"), UserErrorException),
    (lambda: Model(ws, "none"), ModelNotFoundException),
):
    try:
        call()
    except kind as failure:
        assert "none" in str(failure), failure
    else:
        raise SystemExit(str(kind))
"""


def test_scripts_find_models_runs_and_datastores(line: CommandLine) -> None:
    line.write("data/t.csv", "x,y\n")
    line.write("first.py", SCRIPT)
    line.configure(BLOCKS)
    for _ in range(2):
        line.run("run", "first")
    assert (line.root / "store" / "in" / "m.pkl").read_text().startswith("weights of first_")
    models = line.json("model", "list")["models"]
    assert [(model["name"], model["version"]) for model in models] == [("kept", 1), ("kept", 2)]


def test_a_script_cancels_its_own_run(line: CommandLine) -> None:
    line.write(
        "stop.py",
        "import time\nfrom azureml.core import Run\nRun.get_context().cancel()\ntime.sleep(600)\n",
    )
    line.run("run", "stop.py", code=None)
    assert line.last().summary.status == "Canceled"
