"""What scripts ask of other runs, models and datastores, of a stand-in of the run's service."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from interpreters import VERSIONS, interpreter
from run_workbench import RUN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azureml_workbench import AzureScript

TOKEN = "a token"
ASKS = """
import os
from azureml.core import Datastore, Experiment, Model, Run, Workspace
from azureml.exceptions import ModelNotFoundException, UserErrorException
from azureml.exceptions import ActivityFailedException

run, ws = Run.get_context(), Workspace.from_config()
with open("outputs/model.pkl", "w") as file:
    file.write("weights")
model = run.register_model(
    model_name="digits", model_path="outputs/model.pkl", tags={"alpha": 0.5},
    properties={"seed": 7}, model_framework="ScikitLearn", model_framework_version="0.20",
    description="of the sweep")
assert (model.name, model.version, model.id) == ("digits", 1, "digits:1"), model
assert (model.run_id, model.tags) == (run.id, {"alpha": "0.5"})
assert model.properties == {"seed": "7", "framework_version": "0.20"}
again = Model.register(ws, model_path="outputs/model.pkl", model_name="digits", tags={"v": 2})
assert (Model(ws, "digits").version, Model(ws, id="digits:1").version) == (2, 1)
assert Model(ws, name="digits", version=1).description == "of the sweep"
assert [each.id for each in Model.list(ws, "digits", tags=[["alpha", "0.5"]])] == ["digits:1"]
assert [each.id for each in Model.list(ws, latest=True)] == ["digits:2"] == [
    each.id for each in ws.models.values()]
with open(Model.get_model_path("digits", version=1)) as file:
    assert file.read() == "weights"
assert Model(ws, "digits").download("elsewhere") == os.path.abspath("elsewhere/model.pkl")
for call, kind in (
    (lambda: Model(ws, "none"), ModelNotFoundException),
    (lambda: Datastore.get(ws, "none"), UserErrorException),
    (lambda: Run(run.experiment, "failed_1").wait_for_completion(), ActivityFailedException),
):
    try:
        call()
    except kind as failure:
        assert "failed_1" in str(failure) or "none" in str(failure), failure
    else:
        raise SystemExit(str(kind))

earlier = Run(Experiment(ws, "digits"), "earlier_1")
assert (earlier.number, earlier.status, earlier.parent.id) == (3, "Completed", "grid_1")
metrics = earlier.get_metrics()
assert repr(metrics.pop("off")) == "nan" and metrics == {"mse": [0.5, 0.25], "one": 1}
assert earlier.tags == {"a": "b"}
assert earlier.wait_for_completion()["status"] == "Completed"
assert earlier.get_file_names() == ["outputs/x.txt"]
earlier.download_file("outputs/x.txt", "fetched/x.txt")
with open("fetched/x.txt") as file:
    assert file.read() == "of earlier_1"
assert [each.id for each in ws.experiments["digits"].get_runs()] == ["earlier_1"]
assert earlier.experiment.name == "digits" and Run.get(ws, "earlier_1").id == earlier.id

sweep = Experiment(ws, "sweep")
begun = [sweep.start_logging() for _ in range(3)]
Experiment(ws, "none of it").start_logging()
assert [each.id for each in sweep.get_runs()] == [each.id for each in reversed(begun)]
assert begun[0].id == run.id

store = Datastore.get(ws, "bucket of data")
assert (store.name, store.datastore_type) == ("bucket of data", "local")
assert ws.datastores["bucket of data"].name == store.name and "none" not in ws.datastores
os.makedirs("up")
with open("up/a.txt", "w") as file:
    file.write("a")
reference = store.upload("up", target_path="in")
assert os.path.isfile(os.path.join(str(reference), "a.txt"))
store.upload_files(["up/a.txt"], target_path="single")
assert store.download("down", prefix="in") == 1 and os.path.isfile("down/in/a.txt")
assert str(store.path("in/a.txt").as_mount()).endswith("/in/a.txt")
"""


class Service(ThreadingHTTPServer):
    """Answers as the service of a run does, from plain data."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.models: list[dict[str, Any]] = []

    def answer(self, route: str, body: dict[str, Any]) -> Any:
        if route == "POST /amlplan/models":
            version = {**body, "version": str(len(self.models) + 1), "created": "now"}
            self.models.append({**version, "id": f"digits:{version['version']}"})
            return self.models[-1]
        if route.startswith("GET /amlplan/models"):
            name = route.partition("?name=")[2]
            return {"models": [m for m in self.models if name in {"", m["name"]}]}
        if route == "POST /amlplan/models/fetch":
            return {"path": self.put(body["target"] + "/model.pkl", "weights"), **body}
        if route == "POST /amlplan/runs/earlier_1/files/fetch":
            return {"path": self.put(body["target"], "of earlier_1")}
        return ANSWERS.get(route)

    def put(self, path: str, text: str) -> str:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
        return path


EARLIER = {
    "id": "earlier_1",
    "number": 3,
    "name": "earlier",
    "history": "digits",
    "status": "Completed",
    "parent": "grid_1",
    "metrics": {"mse": [0.5, 0.25], "one": [1], "off": ["NaN"]},
    "tags": {"a": "b"},
    "properties": {},
    "outputs": ["outputs/x.txt"],
    "children": [],
}
ANSWERS: dict[str, Any] = {
    "GET /amlplan/workspace": {"name": "ws", "histories": ["digits"]},
    "GET /amlplan/runs?history=digits": {"runs": [{"id": "earlier_1", "status": "Completed"}]},
    "GET /amlplan/runs?history=sweep": {"runs": []},
    "GET /amlplan/runs/earlier_1": EARLIER,
    "GET /amlplan/runs/failed_1": {**EARLIER, "id": "failed_1", "status": "Failed"},
}


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.reply()

    def do_POST(self) -> None:
        self.reply()

    def reply(self) -> None:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.send(401, {"error": "The token is wrong", "detail": "Use that of the run."})
            return
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        route = f"{self.command} {self.path}"
        if route == "GET /amlplan/datastores/bucket%20of%20data":
            place = str(self.server.folder / "store")
            self.send(200, {"name": "bucket of data", "kind": "local", "path": place})
            return
        answer = self.server.answer(route, json.loads(content) if content else {})
        if answer is None:
            self.send(
                404,
                {"error": "RESOURCE_DOES_NOT_EXIST", "detail": f"There is none of {self.path}."},
            )
        else:
            self.send(200, answer)

    def send(self, status: int, answer: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Nothing is to be printed."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def address(service: Service) -> str:
    return f"http://127.0.0.1:{service.server_address[1]}"


@pytest.mark.parametrize("version", VERSIONS)
def test_other_runs_models_and_datastores(
    version: str, script: AzureScript, service: Service
) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    script.run(ASKS, python=python, AMLPLAN_RUN_SERVICE=address(service), AMLPLAN_RUN_TOKEN=TOKEN)
    first = service.models[0]
    assert first["path"] == str(script.work / "outputs" / "model.pkl")
    assert (first["run"], first["framework"]) == (RUN, "ScikitLearn")


def asked_in_vain(script: AzureScript, address: str = "", token: str = "") -> str:
    code = (
        "from azureml.core import Model\nfrom azureml.exceptions import AzureMLException\n"
        "try: Model(None, 'm')\n"
        "except AzureMLException as failure: print(type(failure).__name__, failure)\n"
    )
    return script.run(code, AMLPLAN_RUN_SERVICE=address, AMLPLAN_RUN_TOKEN=token).stdout


def test_without_a_service_it_is_said_what_is_missing(script: AzureScript) -> None:
    said = asked_in_vain(script)
    assert said.startswith("RunEnvironmentException This needs the service of the run")
    said = asked_in_vain(script, "http://127.0.0.1:1")
    assert said.startswith("RunEnvironmentException The service of the run does not answer")


def test_what_the_service_refuses_is_said_in_its_words(
    script: AzureScript, service: Service
) -> None:
    said = asked_in_vain(script, address(service), "other")
    assert said == "UserErrorException The token is wrong. Use that of the run.\n"
