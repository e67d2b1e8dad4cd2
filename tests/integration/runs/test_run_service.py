"""A script finds the service of its run, which costs nothing where nobody asks for it."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan_local.run_service import SERVICE_LOCK, RunService, await_service
from jobs_support import READY, pids_naming
from local_workbench import wait_until

if TYPE_CHECKING:
    from jobs_support import Runs

LOG = """
import http.client, json, os, sys, time

def call(path, body):
    host = os.environ["AMLPLAN_RUN_SERVICE"].split("//")[1]
    connection = http.client.HTTPConnection(host, timeout=60)
    head = {"Authorization": "Bearer " + os.environ["AMLPLAN_RUN_TOKEN"]}
    connection.request("POST", "/api/2.0/mlflow/runs/" + path, json.dumps(body), head)
    answer = connection.getresponse()
    return answer.status, answer.read()

def log(name, value):
    body = {"run_id": os.environ["AMLPLAN_RUN_ID"], "key": name, "value": value}
    assert call("log-metric", body)[0] == 200
"""
NAMES = "import os, json; json.dump(dict(os.environ), open('outputs/env.json', 'w'))"


def _metrics(folder: Path) -> list[tuple[str, float]]:
    lines = [
        json.loads(line)
        for path in sorted((folder / "events").glob("service-*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    return [(line["name"], line["value"]) for line in lines if line["type"] == "metric"]


def _environment(runs: Runs, **variables: str) -> dict[str, str]:
    runs.run(NAMES, variables=variables)
    return dict(json.loads(runs.stored("outputs/env.json")))


def test_what_a_script_tells_its_service_is_recorded_before_the_run_ends(runs: Runs) -> None:
    folder = runs.run(LOG + "log('a', 1); log('b', 2)")

    assert runs.statuses() == ["Running", "Finalizing", "Completed"]
    assert _metrics(folder) == [("a", 1.0), ("b", 2.0)]
    assert not pids_naming(str(folder))


def test_no_server_is_started_for_a_script_that_does_not_ask(runs: Runs) -> None:
    folder = runs.start("import time; open('outputs/ready', 'w').close(); time.sleep(600)")
    runs.await_ready()

    children = [pid for pid in pids_naming("amlplan_endpoint") if _parent(pid) == runs.supervisor()]
    assert children == []
    runs.cancel()
    runs.await_end()
    assert not list((folder / "events").glob("service-*"))


def test_a_server_that_was_killed_is_followed_by_another(runs: Runs) -> None:
    wait = "\nwhile not os.path.exists('go'): time.sleep(0.01)\n"
    folder = runs.start(LOG + "log('before', 1)\n" + READY + wait + "log('after', 2)")
    runs.await_ready()
    (server,) = (
        pid for pid in pids_naming("amlplan_endpoint") if _parent(pid) == runs.supervisor()
    )

    os.kill(server, signal.SIGKILL)
    (folder / "work" / "go").touch()
    runs.await_end()

    assert runs.statuses()[-1] == "Completed"
    assert _metrics(folder) == [("before", 1.0), ("after", 2.0)]
    assert len(list((folder / "events").glob("service-*"))) == 2


def test_a_service_ends_with_the_supervisor_that_is_killed(runs: Runs) -> None:
    folder = runs.start(LOG + "log('a', 1); import time\n" + READY + "time.sleep(600)")
    runs.await_ready()
    runs.kill()

    runs.finish()

    assert _metrics(folder) == [("a", 1.0)]
    assert wait_until(lambda: not pids_naming(str(folder)), 30)


def test_outputs_wait_for_a_server_that_is_not_done(tmp_path: Path) -> None:
    lock = os.open(tmp_path / SERVICE_LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    waiting = threading.Thread(target=await_service, args=(tmp_path,))
    waiting.start()
    waiting.join(0.3)
    was_waiting = waiting.is_alive()
    os.close(lock)
    waiting.join(60)

    assert was_waiting
    assert not waiting.is_alive()


def test_who_connects_where_no_server_can_be_started_is_not_left_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = RunService("r1", tmp_path, str(tmp_path), str(tmp_path))
    port = int(service.environment({})["AMLPLAN_RUN_SERVICE"].rpartition(":")[2])
    monkeypatch.setattr("sys.executable", str(tmp_path / "missing"))
    poll = select.poll()
    service.watch(poll)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        ready = {descriptor for descriptor, _ in poll.poll(60_000)}
        assert ready
        service.start_if_asked(ready)

        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=60)
    service.watch(poll)
    assert poll.poll(0) == []
    service.finish()


def test_mlflow_in_a_script_is_led_to_the_service(runs: Runs) -> None:
    given = {
        "MLFLOW_TRACKING_URI": "https://elsewhere.example",
        "MLFLOW_TRACKING_USERNAME": "somebody",
        "MLFLOW_TRACKING_PASSWORD": "secret",
        "MLFLOW_EXPERIMENT_ID": "7",
        "https_proxy": "http://proxy.example:3128",
        "HTTP_PROXY": "http://proxy.example:3128",
        "no_proxy": "a.example",
    }
    environment = _environment(runs, **given)

    assert environment["MLFLOW_TRACKING_URI"] == environment["AMLPLAN_RUN_SERVICE"]
    assert environment["MLFLOW_TRACKING_TOKEN"] == environment["AMLPLAN_RUN_TOKEN"]
    assert environment["MLFLOW_RUN_ID"] == runs.folder().name
    assert environment["no_proxy"] == environment["NO_PROXY"] == "a.example,127.0.0.1"
    assert not {"MLFLOW_TRACKING_USERNAME", "MLFLOW_EXPERIMENT_ID"} & set(environment)


def test_mlflow_is_left_alone_where_that_is_asked_for(runs: Runs) -> None:
    given = {"AMLPLAN_MLFLOW": "leave", "MLFLOW_TRACKING_URI": "https://elsewhere.example"}
    environment = _environment(runs, **given)

    assert environment["MLFLOW_TRACKING_URI"] == "https://elsewhere.example"
    assert "MLFLOW_RUN_ID" not in environment
    assert environment["AMLPLAN_RUN_SERVICE"].startswith("http://127.0.0.1:")


def _parent(pid: int) -> int:

    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])
