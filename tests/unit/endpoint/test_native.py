"""Our own routes: models, runs, files and the workspace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from amlplan_local.catalogue import registered_models
from endpoint_workbench import API, Endpoint

if TYPE_CHECKING:
    from pathlib import Path


def _register(endpoint: Endpoint, path: str, **more: Any) -> Any:
    return endpoint.post("/amlplan/models", {"name": "ridge", "path": path, **more})


def test_a_model_is_registered_once_for_the_same_content(endpoint: Endpoint) -> None:
    (endpoint.outputs / "model.pkl").write_bytes(b"weights")
    facts = {"tags": {"a": "1"}, "properties": {"p": "2"}, "framework": "sklearn"}

    first = _register(endpoint, "outputs/model.pkl", description="a ridge", **facts)
    again = _register(endpoint, str(endpoint.outputs / "model.pkl"), **facts)
    (endpoint.outputs / "model.pkl").write_bytes(b"other weights")
    second = _register(endpoint, "outputs/model.pkl")

    assert (first["id"], again["id"], second["id"]) == ("ridge:1", "ridge:1", "ridge:2")
    assert first["run"] == endpoint.root
    assert first["tags"] == {"a": "1"}
    assert first["properties"] == {"p": "2"}
    assert (first["framework"], again["description"]) == ("sklearn", "a ridge")
    listed = endpoint.get("/amlplan/models?name=ridge")["models"]
    assert [model["version"] for model in listed] == [1, 2]
    (versions,) = registered_models(endpoint.workspace / "store").values()
    assert [version.lineage["run"] for version in versions] == [endpoint.root, endpoint.root]
    edges = endpoint.history.lineage(f"run:{endpoint.root}", "down")
    assert {edge.target for edge in edges} == {"model:ridge:1", "model:ridge:2"}


def test_files_of_a_model_are_put_where_they_are_asked_for(endpoint: Endpoint) -> None:
    (endpoint.outputs / "m" / "inner").mkdir(parents=True)
    (endpoint.outputs / "m" / "inner" / "a.bin").write_bytes(b"a")
    (endpoint.outputs / "m" / "b.bin").write_bytes(b"b")
    _register(endpoint, "outputs/m")
    alias = {"name": "ridge", "alias": "best", "version": "1"}
    endpoint.post(f"{API}/registered-models/alias", alias)
    asked = {"name": "ridge", "alias": "best", "version": None, "target": "fetched/here"}

    answer = endpoint.post("/amlplan/models/fetch", asked)

    target = endpoint.folder / "work" / "fetched" / "here"
    assert answer == {"path": str(target), "name": "ridge", "version": 1}
    assert (target / "inner" / "a.bin").read_bytes() == b"a"
    assert endpoint.get("/amlplan/models")["models"][0]["aliases"] == ["best"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/amlplan/models", {"name": "m", "path": "nothing"}),
        ("/amlplan/models", {"name": "../m", "path": "outputs"}),
        ("/amlplan/models", {"name": "m", "path": "outputs", "run": "another"}),
        ("/amlplan/models/fetch", {"name": "m", "target": "x"}),
        ("/amlplan/models/fetch", {"name": "m", "version": "7", "target": "x"}),
        ("/amlplan/models/fetch", {"name": "m", "alias": "best", "target": "x"}),
        ("/amlplan/runs/ROOT/files/fetch", {"path": "outputs/x", "target": "x"}),
        ("/amlplan/runs/nobody/files/fetch", {"path": "outputs/x", "target": "x"}),
    ],
)
def test_a_mistake_is_told_in_two_sentences(
    endpoint: Endpoint, path: str, body: dict[str, object]
) -> None:
    answer = endpoint.call("POST", path.replace("ROOT", endpoint.root), body)

    assert answer.status in {400, 404}
    assert set(answer.json) == {"error", "detail"}
    assert len(answer.json["detail"].split()) > 3


def test_a_run_is_told_as_it_is_now(endpoint: Endpoint) -> None:
    child = endpoint.post(f"{API}/runs/create", {"run_name": "fold"})["run"]["info"]["run_id"]
    endpoint.log("loss", 2, 0)
    endpoint.log("loss", "NaN", 1)
    (endpoint.outputs / "a.txt").write_text("a")

    run = endpoint.get(f"/amlplan/runs/{endpoint.root}")
    fold = endpoint.get(f"/amlplan/runs/{endpoint.root}.1")

    assert (run["number"], run["history"], run["name"]) == (1, "digits", "train.py")
    assert run["metrics"] == {"loss": [2.0, "NaN"]}
    assert (run["outputs"], run["children"]) == (["outputs/a.txt"], [f"{endpoint.root}.1"])
    assert (fold["name"], fold["parent"]) == ("fold", endpoint.root)
    assert child == f"{endpoint.root}-1"


def test_an_earlier_run_and_its_files_are_found(endpoint: Endpoint) -> None:
    before, digest = _ended_run(endpoint, {"alpha": "1"}, b"a result")

    run = endpoint.get(f"/amlplan/runs/{before}")
    asked = {"path": "outputs/a.txt", "target": "copy.txt"}
    endpoint.post(f"/amlplan/runs/{before}/files/fetch", asked)
    listed = endpoint.get("/amlplan/runs?history=digits")["runs"]
    place = f"/api/2.0/mlflow-artifacts/artifacts/runs/{before}/a.txt"

    assert (run["status"], run["parameters"]) == ("Completed", {"alpha": "1"})
    assert (run["metrics"], run["outputs"]) == ({"loss": [0.5]}, ["outputs/a.txt"])
    assert (endpoint.folder / "work" / "copy.txt").read_bytes() == b"a result"
    assert {each["id"] for each in listed} == {before, endpoint.root}
    assert endpoint.call("GET", place).data == b"a result"
    found = endpoint.post(f"{API}/runs/search", {"filter": "metrics.loss < 1"})["runs"]
    assert [each["info"]["run_id"] for each in found] == [before]
    points = endpoint.get(f"{API}/metrics/get-history?run_id={before}&metric_key=loss")["metrics"]
    assert [point["value"] for point in points] == [0.5]
    assert digest


def test_the_workspace_is_known_by_its_histories(endpoint: Endpoint) -> None:
    found = endpoint.get("/amlplan/workspace")

    assert found["histories"] == ["digits"]
    answer = endpoint.call("GET", "/amlplan/datastores/images")
    assert (answer.status, answer.json["error"]) == (404, "Not found")


def test_a_datastore_is_one_that_the_run_was_told_of(tmp_path: Path) -> None:
    endpoint = Endpoint(tmp_path / "workspace")
    images = {"kind": "local", "path": "/data/images"}
    endpoint.root = endpoint.new_run(datastores={"images": images})
    endpoint.start()
    try:
        assert endpoint.get("/amlplan/datastores/images") == {"name": "images", **images}
    finally:
        endpoint.close()


def _ended_run(endpoint: Endpoint, parameters: dict[str, str], content: bytes) -> tuple[str, str]:
    """A run that ended, with a parameter, a metric and an output; its id and a digest."""
    import hashlib

    run = endpoint.new_run(parameters=parameters)
    name = hashlib.sha256(content).hexdigest()
    blob = endpoint.workspace / "store" / "blobs" / "sha256" / name[:2] / name
    blob.parent.mkdir(parents=True)
    blob.write_bytes(content)
    outputs = {"outputs/a.txt": f"sha256:{name}"}
    events: list[dict[str, object]] = [
        {"type": "status", "status": "Running"},
        {"type": "metric", "name": "loss", "value": 0.5},
        {"type": "outputs", "files": outputs, "sizes": {"outputs/a.txt": len(content)}},
        {"type": "status", "status": "Completed", "exit_code": 0},
    ]
    path = endpoint.workspace / "runs" / run / "events" / "supervisor.jsonl"
    lines = (json.dumps({"n": n, "t": 1.9e9 + n, **event}) for n, event in enumerate(events))
    path.write_text("".join(f"{line}\n" for line in lines))
    return run, name
