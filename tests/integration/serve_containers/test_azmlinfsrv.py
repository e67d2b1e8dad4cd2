"""A front before Azure ML's own server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan_serve.client import RevisionSpec
from harness import azmlinfsrv
from harness.service import Load, wait_until

if TYPE_CHECKING:
    from harness.containers import Containers

SCRIPT = """
import json
def init():
    pass
def run(data):
    if json.loads(data).get("fail"):
        raise ValueError("no")
    return {"revision": "r1", "got": json.loads(data)}
"""
ROUTES = {"scoring": "/score", "readiness": "/", "swagger": "/swagger.json"}


def test_azure_mls_server_answers_through_the_front(containers: Containers) -> None:
    try:
        environment = azmlinfsrv.environment()
    except azmlinfsrv.UnavailableError as failure:
        pytest.skip(f"azureml-inference-server-http cannot be installed: {failure}")
    source = containers.folder / "source"
    source.mkdir()
    (source / "score.py").write_text(SCRIPT)
    containers.open_front()
    with azmlinfsrv.served(environment, source) as port:
        upstreams = {"r1-1": f"127.0.0.1:{port}"}
        spec = RevisionSpec("r1", kind="http", upstreams=upstreams, routes=ROUTES)
        containers.client.load(spec, {})
        containers.client.activate("r1")
        answer = containers.ask({"a": 1})
        assert (answer.status, answer.json["got"]) == (200, {"a": 1})
        assert answer.headers["x-ms-run-function-failed"] == "False"
        assert answer.headers["x-ms-server-version"].startswith("amlplan/")
        failed = containers.ask({"fail": 1})
        assert (failed.status, failed.headers["x-ms-run-function-failed"]) == (500, "True")
        assert containers.ask({"a": 1}, "GET", "/score?a=1").status == 200
        with Load(containers) as load:
            load.wait_for_more(50)
        assert not load.failures
        wait_until(
            lambda: "ServiceInput" in containers.ask({}, "GET", "/swagger.json").json["definitions"]
        )
    wait_until(lambda: containers.active().workers_ready == 0, "the end of the server")
