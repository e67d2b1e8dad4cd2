"""Workers and servers that get stuck or are killed: what is lost, and what goes on."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from amlplan_serve.client import ServerUnreachableError
from harness.service import Service, has_ended, wait_until

# `select` and the expression below stay in C code; the loop stays in Python.
STUCK = """
import json, os, select, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def init():
    os.system("sleep 600 &")
def run(data):
    asked = json.loads(data)
    if asked == "sleep": time.sleep(600)
    if asked == "select": select.select([], [], [], 600)
    if asked == "loop":
        while True: pass
    if asked == "c": "a" * 10**6 in ("a" * 10**6 + "b") * 10**4 or pow(7, 10**9)
    return os.getpid()
"""


def pid_of(service: Service) -> int:
    pid: int = service.ask(body={}).json
    return pid


def group_of(pid: int) -> list[int]:
    """The processes of a group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.parametrize("how", ["sleep", "select", "loop", "c"])
def test_a_stuck_worker_is_killed_with_its_group_and_the_next_request_answered(
    service: Service, how: str
) -> None:
    service.start().serve(STUCK, scoring_timeout=0.5)
    pid = pid_of(service)
    assert len(group_of(pid)) > 1
    answer = service.ask(body=how)
    assert answer.status == 500
    assert answer.json == {"message": "Scoring timeout after 500 ms"}
    assert answer.headers["x-ms-run-function-failed"] == "True"
    assert pid_of(service) != pid
    wait_until(lambda: not group_of(pid), "the end of the group")
    assert service.active().restarts == 1


def test_those_behind_a_stuck_request_are_answered(service: Service) -> None:
    service.start().serve(STUCK, scoring_timeout=1.0)
    first = pid_of(service)
    for _ in range(100):  # it is seen to be quick, so more is sent ahead
        service.ask(body={})
    with ThreadPoolExecutor(9) as pool:
        stuck = pool.submit(service.ask, body="sleep")
        behind = [pool.submit(service.ask, body={}) for _ in range(8)]
        assert stuck.result().status == 500
        answers = [item.result() for item in behind]
    assert {answer.status for answer in answers} == {200}
    assert any(answer.json != first for answer in answers)


def test_a_slow_request_holds_nobody_up_while_another_worker_is_free(service: Service) -> None:
    service.start().serve(workers=2)
    for _ in range(100):
        service.ask(body={})
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(service.ask, body={"sleep": 3})
        wait_until(lambda: service.active().in_flight == 1)
        for _ in range(20):
            assert service.ask(body={}).status == 200
        assert not slow.done()
        assert slow.result().status == 200


def test_a_discarded_candidate_answers_nobody_for_ever(service: Service) -> None:
    service.start()
    service.client.load(service.spec(), {})
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(service.client.score, "r1", b'{"sleep": 600}') for _ in range(3)]
        candidate = service.client.status
        wait_until(lambda: candidate().candidate and candidate().candidate.in_flight == 3)  # type: ignore[union-attr]
        service.client.discard("r1")
        assert sorted(item.result()[0] for item in asked) == [502, 503, 503]


def test_a_worker_that_is_killed_costs_one_answer_at_most(service: Service) -> None:
    service.start().serve(STUCK)
    pid = pid_of(service)
    with ThreadPoolExecutor(5) as pool:
        hit = pool.submit(service.ask, body="sleep")
        wait_until(lambda: service.active().in_flight == 1)
        behind = [pool.submit(service.ask, body={}) for _ in range(4)]
        os.kill(pid, signal.SIGKILL)
        assert hit.result().status == 502
        assert {item.result().status for item in behind} == {200}
    assert pid_of(service) != pid
    assert "amlplan_worker_restarts_total 1.0" in service.ask("GET", "/metrics").body.decode()


def test_a_worker_that_cannot_come_back_is_tried_again(service: Service) -> None:
    flag = service.folder / "broken"
    script = f"""
        import os
        def init():
            assert not os.path.exists({str(flag)!r})
        def run(data): return os.getpid()
    """
    service.start().serve(script)
    pid = pid_of(service)
    flag.touch()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: service.active().restarts >= 3, "more tries")
    assert service.ask("GET", "/v2/health/ready").status == 503
    asked: list[Any] = []
    waiting = threading.Thread(target=lambda: asked.append(service.ask(body={})))
    waiting.start()
    flag.unlink()
    waiting.join(60)
    assert asked[0].status == 200


def test_a_script_that_writes_garbage_to_its_socket_is_replaced(service: Service) -> None:
    script = """
        import os
        def init(): pass
        def run(data):
            if b"garbage" in data.encode():
                for number in range(3, 40):
                    try: os.write(number, b"garbage" * 100)
                    except OSError: pass
            return os.getpid()
    """
    service.start().serve(script)
    pid = pid_of(service)
    assert service.ask(body="garbage").status == 502
    assert pid_of(service) != pid


def test_a_server_that_is_killed_leaves_no_process(service: Service) -> None:
    service.start().serve(STUCK)
    pid = pid_of(service)
    group = group_of(pid)
    with closing(service.connect()) as connection:
        connection.request("POST", "/score", b'"loop"', {"Authorization": "Bearer first-key"})
        wait_until(lambda: service.active().in_flight == 1)
        os.kill(service.status.pid, signal.SIGKILL)
    wait_until(lambda: not group_of(pid), "the end of the workers")
    assert all(has_ended(number) for number in group)
    with pytest.raises(ServerUnreachableError):
        service.client.status()
    again = service.start()  # the socket and the lock that were left are no hindrance
    assert again.client.status().active is None


def test_sigterm_finishes_what_is_in_flight(service: Service) -> None:
    service.start().serve()
    worker = service.ask(body={}).json["pid"]
    with ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(service.ask, body={"sleep": 0.8}) for _ in range(2)]
        wait_until(lambda: service.active().in_flight == 2)
        os.kill(service.status.pid, signal.SIGTERM)
        answers = [item.result() for item in slow]
    assert {answer.status for answer in answers} == {200}
    assert {answer.headers["connection"] for answer in answers} == {"close"}
    wait_until(lambda: has_ended(service.status.pid), "the end of the server")
    assert has_ended(worker)
    assert not (service.folder / "control.sock").exists()


def test_a_drain_has_an_end(service: Service) -> None:
    service.start(drain_seconds=1.0).serve(STUCK)
    pid = pid_of(service)
    with closing(service.connect()) as connection:
        connection.request("POST", "/score", b'"loop"', {"Authorization": "Bearer first-key"})
        wait_until(lambda: service.active().in_flight == 1)
        os.kill(service.status.pid, signal.SIGTERM)
        wait_until(lambda: has_ended(service.status.pid), "the end of the server")
    wait_until(lambda: not group_of(pid), "the end of the worker")
