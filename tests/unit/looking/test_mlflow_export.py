"""Runs exported to an MLflow server, here one that keeps what it is told."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from amlplan.errors import AuthError, ProviderError, UnreachableError
from amlplan.looking.mlflow.exporting import Exporter
from amlplan.looking.mlflow.names import name_of
from amlplan.looking.mlflow.server import MlflowServer
from history_support import finish, history, line, make_run, write
from looking_support import content_store, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan.runs.place import RunPlace


class Kept:
    """What an MLflow server was told."""

    def __init__(self) -> None:
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.fails_at: str | None = None
        self.logins: set[str | None] = set()
        self.refuses = False

    def answer(self, route: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.refuses:
            return 401, {}
        if route == self.fails_at:
            return 500, {"error_code": "INTERNAL_ERROR", "message": "it broke"}
        return getattr(self, route.replace("/", "_").replace("-", "_"))(body)  # type: ignore[no-any-return]

    def experiments_get_by_name(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        found = self.experiments.get(body["experiment_name"])
        if found is None:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}
        return 200, {"experiment": {"experiment_id": found}}

    def experiments_create(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.experiments[body["name"]] = str(len(self.experiments) + 1)
        return 200, {"experiment_id": self.experiments[body["name"]]}

    def runs_search(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        found = [
            {"info": {"run_id": run_id}, "data": {"tags": as_pairs(run["tags"])}}
            for run_id, run in self.runs.items()
            if f"= '{run['tags']['amlplan.run_id']}'" in body["filter"]
        ]
        return 200, {"runs": found} if found else {}

    def runs_create(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        run_id = f"r{len(self.runs)}"
        tags = {each["key"]: each["value"] for each in body["tags"]}
        self.runs[run_id] = {"tags": tags, "params": {}, "metrics": {}, "made": body}
        uri = f"mlflow-artifacts:/1/{run_id}/artifacts"
        return 200, {"run": {"info": {"run_id": run_id, "artifact_uri": uri}}}

    def runs_log_batch(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        run = self.runs[body["run_id"]]
        assert sum(len(body.get(each, [])) for each in ("metrics", "params", "tags")) <= 1000
        for each in body.get("metrics", []):
            run["metrics"].setdefault(each["key"], []).append((each["step"], each["value"]))
        for name in ("params", "tags"):
            run[name] |= {each["key"]: each["value"] for each in body.get(name, [])}
        return 200, {}

    def runs_set_tag(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.runs[body["run_id"]]["tags"][body["key"]] = body["value"]
        return 200, {}

    def runs_update(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.runs[body["run_id"]] |= body
        return 200, {}

    def runs_delete(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        del self.runs[body["run_id"]]
        return 200, {}


def as_pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def uri(kept: Kept) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _respond(self) -> None:
            kept.logins.add(self.headers.get("Authorization"))
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path)
            if self.command == "PUT":
                kept.files[path.path.partition("/artifacts/")[2]] = data
                status, answer = 200, dict[str, Any]()
            else:
                query = {name: value[0] for name, value in parse_qs(path.query).items()}
                body = json.loads(data) if data else query
                status, answer = kept.answer(path.path.partition("/2.0/mlflow/")[2], body)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = _respond  # noqa: N815 - as the library calls them

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/base/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def place(tmp_path: Path) -> RunPlace:
    """A workspace with a run, its child, and a run that goes on."""
    store, content = history(tmp_path), content_store(tmp_path)
    run = make_run(store).id
    digest, size = content.take([memoryview(b"model")])
    points = (line(n, "metric", 2e9, name="loss", value=n, step=n) for n in range(1200))
    write(tmp_path / "workspace", run, "script", b"".join(points))
    store.sync(wait=True)
    values: list[dict[str, Any]] = [
        {"name": "odd:<name>", "value": "NaN", "special": True},
        {"name": "word", "value": "cat"},
        {"name": "loss", "run": f"{run}.1", "value": 3},
    ]
    child = {"type": "run", "run": f"{run}.1", "id": f"{run}.1", "name": "fold", "parent": run}
    store.append_control(run, child)
    for value in values:
        store.append_control(run, {"type": "metric", **value})
    store.append_control(run, {"type": "parameter", "name": "alpha", "value": "0.1"})
    store.append_control(run, {"type": "tag", "name": "kind", "value": "svm"})
    files = {"outputs/m b.txt": digest}
    store.append_control(
        run, {"type": "outputs", "files": files, "sizes": {"outputs/m b.txt": size}}
    )
    finish(store, run)
    finish(store, f"{run}.1", "Failed")
    make_run(store, "goes on")
    found = place_of(store, content, tmp_path)
    (found.folder_of(run) / "log.txt").write_text("printed")
    return found


def exported(place: RunPlace, uri: str) -> Any:
    server = MlflowServer(uri)
    runs = place.history.overviews(with_children=True)
    details = [place.history.run(run.summary.id) for run in runs]
    details.sort(key=lambda run: (run.summary.parent is not None, run.summary.id))
    try:
        return Exporter(place, server).export(details)
    finally:
        server.close()


def test_a_run_is_there_with_all_that_it_has(place: RunPlace, uri: str, kept: Kept) -> None:
    done = exported(place, uri)
    assert (len(done.made), len(done.going_on)) == (2, 1)
    parent, child = kept.runs["r0"], kept.runs["r1"]
    assert kept.experiments == {"digits": "1"}
    assert parent["metrics"]["loss"] == [(step, float(step)) for step in range(1200)]
    assert parent["metrics"][name_of("odd:<name>")] == [(0, "NaN")]
    assert parent["params"] == {"alpha": "0.1"}
    assert (parent["tags"]["kind"], parent["tags"]["word"]) == ("svm", "cat")
    assert (parent["status"], child["status"]) == ("FINISHED", "FAILED")
    assert child["tags"]["mlflow.parentRunId"] == "r0"
    assert kept.files == {
        "1/r0/artifacts/outputs/m%20b.txt": b"model",
        "1/r0/artifacts/amlplan/log.txt": b"printed",
    }


def test_a_run_is_exported_once_and_its_tags_follow(place: RunPlace, uri: str, kept: Kept) -> None:
    first = exported(place, uri)
    (root,) = [run for run in first.made if "." not in run]
    place.history.append_control(root, {"type": "tag", "name": "kind", "value": "tree"})
    again = exported(place, uri)
    assert (len(again.made), len(again.there)) == (0, 2)
    assert len(kept.runs) == 2
    assert len(kept.runs["r0"]["metrics"]["loss"]) == 1200
    assert kept.runs["r0"]["tags"]["kind"] == "tree"


def test_what_an_interrupted_export_left_is_made_again(
    place: RunPlace, uri: str, kept: Kept
) -> None:
    kept.fails_at = "runs/update"
    with pytest.raises(ProviderError, match="it broke"):
        exported(place, uri)
    assert len(kept.runs) == 1
    kept.fails_at = None
    assert len(exported(place, uri).made) == 2
    assert len(kept.runs) == 2
    assert all(run["tags"]["amlplan.exported"] == "true" for run in kept.runs.values())


def test_logins_are_those_of_mlflow(
    place: RunPlace, uri: str, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "pass")
    exported(place, uri)
    assert kept.logins == {"Basic bWU6cGFzcw=="}
    kept.refuses = True
    with pytest.raises(AuthError, match="MLFLOW_TRACKING_TOKEN"):
        exported(place, uri)


@pytest.mark.parametrize("text", ["foo", "http://", "ftp://x", "sqlite:///x.db", ""])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(ProviderError, match="http://localhost:5000"):
        MlflowServer(text)


def test_a_login_within_the_address_is_used_and_never_shown(
    place: RunPlace, uri: str, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME"):
        monkeypatch.delenv(name, raising=False)
    server = MlflowServer(uri.replace("http://", "http://ana:s%40fe@"))
    Exporter(place, server).export([place.history.run(run.id) for run in place.history.runs()])
    assert kept.logins == {"Basic YW5hOnNAZmU="}
    assert server.uri == uri
    kept.refuses = True
    with pytest.raises(AuthError) as raised:
        server.get("experiments/get-by-name", experiment_name="x")
    assert "fe@" not in str(raised.value)
    server.close()


def test_a_server_that_is_not_there_is_told(place: RunPlace) -> None:
    with pytest.raises(UnreachableError, match="does not answer"):
        exported(place, "http://127.0.0.1:1")


def test_names_stay_apart() -> None:
    assert name_of("val/acc-1_x y.z") == "val/acc-1_x y.z"
    odd = ["a:b", "a;b", "a_b", "../x", "/x", "x", "x//y", "x/y", "é" * 300, "é" * 301, "\ud800"]
    found = [name_of(text) for text in odd]
    assert len(set(found)) == len(odd)
    assert all(len(name) < 250 and ".." not in name for name in found)
