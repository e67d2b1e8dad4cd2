"""Requests for scripts that want more than text, under every Python, where no package is there."""

from __future__ import annotations

import ast
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan_serve import frames
from amlplan_serve.guarded import WORKER
from amlplan_serve.shipped import shipped_files
from interpreters import VERSIONS, interpreter
from serve_support import Spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

INSIDE = sorted(Path(WORKER).with_name("inside").rglob("*.py"))
RAW = """
import json, sys
from azureml.contrib.services import rawhttp
from azureml.contrib.services.aml_request import AMLRequest
from azureml_inference_server_http.api.aml_response import AMLResponse
from azureml.core.model import Model
def init():
    assert "flask" not in sys.modules
@rawhttp
def run(request):
    if request.method == "GET":
        return [request.args.get("a", type=int), request.headers["x-own"], request.full_path]
    if request.files:
        image = request.files["image"]
        return AMLResponse(image.read(), 201, {"Content-Type": image.content_type})
    if request.args.get("model"):
        return open(Model.get_model_path(request.args["model"])).read()
    return AMLResponse({"got": request.get_json()}, 200, {"X-Own": "a,b"}, json_str=True)
"""
HEADERS = [["x-own", "one"], ["content-type", "application/json"], ["host", "here:80"]]
PNG = b"\x89PNG\r\n\x1a\n\x00--x\r\n\xff"
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="image"; filename="a b.png"\r\n'
    b"Content-Type: image/png\r\n\r\n" + PNG + b"\r\n--x--\r\n"
)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The worker as it lies in an image, with nothing of ours beside what is shipped."""
    folder = tmp_path_factory.mktemp("server")
    for name, path in shipped_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    return str(folder / "amlplan_serve/worker.py")


@pytest.fixture(params=VERSIONS)
def worker(request: pytest.FixtureRequest, tmp_path: Path, shipped: str) -> Iterator[Spoken]:
    python = interpreter(request.param)
    if python is None:
        pytest.skip(f"this machine has no Python {request.param}")
    source, models = tmp_path / "source", tmp_path / "azureml-models" / "ridge" / "2"
    source.mkdir()
    models.mkdir(parents=True)
    (source / "score.py").write_text(RAW)
    (models / "model.txt").write_text("weights")
    variables = {"AZUREML_MODEL_DIR": str(models)}
    with Spoken(python, source, variables=variables, options=("-S",), worker=shipped) as spoken:
        yield spoken


def asked(worker: Spoken, method: str, query: str, body: bytes, kind: str = "") -> Any:
    headers = [*HEADERS[:1], ["content-type", kind], *HEADERS[2:]] if kind else HEADERS
    head = {"method": method, "query": query, "headers": headers}
    worker.send(1, frames.REQUEST, frames.with_head(head, body))
    frame = worker.read()
    if frame.kind == frames.VALUE:
        return json.loads(frame.payload)
    about, content = frames.parted(frame.payload)
    return about["status"], dict(about["headers"]), content


def test_a_script_gets_the_request_without_flask(worker: Spoken) -> None:
    worker.read()
    ready = worker.read()
    assert ready.kind == frames.READY, ready.payload
    assert asked(worker, "GET", "a=3&b=%C3%BC", b"") == [3, "one", "/score?a=3&b=%C3%BC"]
    status, headers, body = asked(worker, "POST", "", b'{"x": 1}')
    assert (status, json.loads(body)) == (200, {"got": {"x": 1}})
    assert headers["content-type"] == "application/json"
    assert headers["x-ms-run-function-failed"] == "False"
    status, headers, body = asked(worker, "POST", "", FORM, "multipart/form-data; boundary=x")
    assert (status, headers["content-type"], body) == (201, "image/png", PNG)
    assert asked(worker, "POST", "model=ridge", b"{}") == "weights"
    status, _, body = asked(worker, "POST", "model=other", b"{}")
    assert status == 500
    assert "ridge:2" in worker.end()


WITH_SDK = """
from importlib import import_module
import azureml.core.model
from azureml.contrib.services.aml_request import rawhttp
def init(): pass
def run(data):
    try:
        import_module("azureml.data")
    except ImportError as failure:
        return [azureml.core.model.MODELS_DIR, azureml.core.OWN, failure.name]
"""


def test_an_installed_sdk_is_kept_and_told_where_models_are(tmp_path: Path) -> None:
    source, models = tmp_path / "source", tmp_path / "azureml-models" / "ridge" / "2"
    (source / "azureml/core").mkdir(parents=True)
    (source / "azureml/__init__.py").touch()
    (source / "azureml/core/__init__.py").write_text("OWN = True")
    (source / "azureml/core/model.py").write_text("MODELS_DIR = 'elsewhere'")
    (source / "score.py").write_text(WITH_SDK)
    with Spoken(sys.executable, source, variables={"AZUREML_MODEL_DIR": str(models)}) as worker:
        worker.read(), worker.read()
        found = json.loads(worker.ask(b"").payload)
    assert found == [str(tmp_path / "azureml-models"), True, "azureml.data"]


@pytest.mark.parametrize("module", [*INSIDE, Path(WORKER)], ids=lambda path: str(path.name))
def test_the_grammar_is_that_of_python_3_6(module: Path) -> None:
    ast.parse(module.read_text(encoding="utf-8"), feature_version=(3, 6))
