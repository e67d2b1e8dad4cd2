"""A front with replicas: they come, go, fail and die; whoever asks is answered."""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from amlplan_serve.client import RefusedError, RevisionFailedError, ServerUnreachableError
from harness.service import Load, has_ended, wait_until
from small_disk import small_disk

if TYPE_CHECKING:
    from harness.containers import Containers

BROKEN = """
def init():
    raise RuntimeError("no weights here")
def run(data):
    return None
"""
DIES = """
import os
def init():
    os.kill(os.getpid(), 9)
def run(data):
    return None
"""
SLOW_START = """
import time
def init():
    time.sleep(600)
def run(data):
    return None
"""
WAITS = """
import json, os, time
def init():
    pass
def run(data):
    until = json.loads(data).get("until")
    while until and not os.path.exists(until):
        time.sleep(0.01)
    return {"pid": os.getpid()}
"""
MARKS = """
import json, os, time
def init():
    pass
def run(data):
    asked = json.loads(data)
    if "die" in asked:
        with open(asked["die"], "a") as marks:
            marks.write("x")
        with open(asked["die"]) as marks:
            if len(marks.read()) <= asked["deaths"]:
                os._exit(9)
    return {"pid": os.getpid()}
"""


def test_replicas_serve_and_are_told_of_by_name(containers: Containers) -> None:
    containers.open_front()
    assert containers.ask({}).status == 503
    containers.serve("r1", workers=2)
    assert containers.ask({"echo": 5}).json["echo"] == 5
    status = containers.client.status()
    active = containers.active()
    assert (active.revision, active.workers_wanted, active.workers_ready) == ("r1", 2, 2)
    assert [(item.name, item.ready) for item in active.replicas] == [("r1-1", True), ("r1-2", True)]
    assert active.digest == "sha256:r1"
    assert list(status.key_fingerprints) == ["primary"]
    assert containers.ask(None, "GET", "/amlplan/manifest").json == {"files": {}}


def test_commands_come_by_standard_input(containers: Containers) -> None:
    client = containers.client_by_ctl
    containers.wait = 0
    with pytest.raises(ServerUnreachableError, match="No server answers at"):
        client.status()
    containers.wait = 60
    told: list[int] = []
    waiting = threading.Thread(target=lambda: told.append(client.status().pid))
    waiting.start()
    front = containers.open_front()
    waiting.join(60)
    assert told == [front.process.pid]
    containers.start_replica("r1", 1)
    client.load(containers.spec(), {})
    assert client.score("r1", b'{"echo": "\\u00e9"}')[0] == 200
    client.activate("r1")
    with pytest.raises(RefusedError, match="Revision r9 is not loaded"):
        client.activate("r9")
    with pytest.raises(RefusedError, match="holds no key"):
        client.put_keys({})
    assert client.status() == containers.client.status()


def test_nobody_gets_in_before_there_are_keys(containers: Containers) -> None:
    containers.start_front()
    containers.serve("r1")
    assert containers.ask({}).status == 401
    containers.client.put_keys({"primary": "first-key"})
    assert containers.ask({}).status == 200
    containers.client.put_keys({"primary": "another-key"})
    assert containers.ask({}).status == 401


def test_a_revision_replaces_another_under_load(containers: Containers) -> None:
    containers.open_front()
    containers.serve("r1", workers=2)
    with Load(containers) as load:
        containers.serve("r2", workers=2)
        load.wait_for_more(50)
    assert not load.failures
    assert load.revisions == {"r1", "r2"}
    wait_until(lambda: not containers.client.status().draining, "the end of the old revision")
    assert containers.running["r1-1"].end() == 0


def test_killed_replicas_and_workers_fail_no_request(containers: Containers) -> None:
    containers.open_front()
    containers.serve("r1", workers=2)
    with Load(containers) as load:
        for number in (1, 2, 1):
            name = f"r1-{number}"
            load.wait_for_more(50)
            containers.running[name].end(signal.SIGKILL)
            load.wait_for_more(50)
            containers.start_replica("r1", number)
            wait_until(lambda: containers.active().workers_ready == 2, "both replicas")
        worker = containers.ask({}).json["pid"]
        os.kill(worker, signal.SIGKILL)
        load.wait_for_more(50)
        wait_until(lambda: containers.active().workers_ready == 2, "both replicas")
    assert not load.failures
    assert containers.active().restarts == 4
    assert sum(item.restarts for item in containers.active().replicas) == 4


def test_replicas_that_are_stopped_finish_what_they_have(containers: Containers) -> None:
    containers.open_front()
    containers.serve("r1", workers=2)
    with Load(containers) as load:
        assert containers.running["r1-2"].end() == 0
        load.wait_for_more(50)
        containers.client.scale(1)
        containers.start_replica("r1", 3)
        containers.client.scale(2)
        load.wait_for_more(50)
    assert not load.failures
    active = containers.active()
    assert [item.name for item in active.replicas] == ["r1-1", "r1-3"]
    assert active.restarts == 0
    containers.running["r1-3"].end(signal.SIGKILL)
    wait_until(lambda: not containers.replica("r1-3").ready, "what was killed")
    containers.client.scale(1)
    assert [item.name for item in containers.active().replicas] == ["r1-1"]


def test_a_request_whose_replica_died_is_asked_once_more(containers: Containers) -> None:
    containers.open_front()
    containers.serve("r1", workers=2, script=MARKS)
    marks = containers.folder / "marks"
    assert containers.ask({"die": str(marks), "deaths": 1}).status == 200
    assert marks.read_text() == "xx"
    marks.unlink()
    assert containers.ask({"die": str(marks), "deaths": 5}).status == 502
    assert marks.read_text() == "xx"


def test_a_script_that_does_not_start_ends_its_replica(containers: Containers) -> None:
    containers.open_front()
    containers.serve("r1")
    broken = containers.start_replica("r2", 1, BROKEN)
    with pytest.raises(RevisionFailedError, match="r2-1: RuntimeError: no weights here"):
        containers.client.load(containers.spec("r2"), {})
    assert broken.process.wait(60) == 1
    assert "Traceback" in broken.log
    assert "no weights here" in broken.log
    assert containers.ask({}).json["revision"] == "r1"


def test_a_worker_that_dies_in_init_is_told_of(containers: Containers) -> None:
    containers.open_front()
    dying = containers.start_replica("r1", 1, DIES)
    with pytest.raises(RevisionFailedError, match="SIGKILL"):
        containers.client.load(containers.spec(), {})
    assert dying.process.wait(60) == 1


def test_replicas_that_are_not_ready_in_time_are_named(containers: Containers) -> None:
    containers.open_front()
    containers.start_replica("r1", 1, SLOW_START)
    looking = containers.running["r1-1"]
    wait_until(lambda: "no front at" in looking.log, "the replica, which looks for its front")
    spec = containers.spec(workers=2, startup_timeout=4.0)
    with pytest.raises(RevisionFailedError, match=r"0 of 2 replicas were ready within 4 s.*r1-1"):
        containers.client.load(spec, {})


def test_a_load_that_waits_ends_when_it_is_discarded(containers: Containers) -> None:
    containers.open_front()
    failures: list[str] = []

    def load() -> None:
        with pytest.raises(RevisionFailedError) as failure:
            containers.client.load(containers.spec(), {})
        failures.append(str(failure.value))

    waiting = threading.Thread(target=load)
    waiting.start()
    wait_until(lambda: containers.client.status().candidate is not None, "the candidate")
    containers.client.discard("r1")
    waiting.join(60)
    assert failures
    assert containers.client.status().candidate is None


def test_a_front_that_was_killed_serves_again(containers: Containers) -> None:
    containers.open_front()
    containers.serve("r1", workers=2)
    before = containers.client.status()
    containers.running["front"].end(signal.SIGKILL)
    containers.start_front()
    wait_until(lambda: containers.active().workers_ready == 2, "the replicas")
    assert containers.ask({}).json["revision"] == "r1"
    after = containers.client.status()
    assert after.key_fingerprints == before.key_fingerprints
    assert containers.active().workers_wanted == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_outlive_their_front(containers: Containers, number: int) -> None:
    containers.open_front()
    containers.serve("r1")
    worker = containers.ask({}).json["pid"]
    for _ in range(2):
        containers.running["front"].end(number)
        containers.start_front()
        wait_until(lambda: containers.active().workers_ready == 1, "the replica")
        assert containers.ask({}).json["pid"] == worker
    assert containers.running["r1-1"].log.count("init done") == 1
    assert containers.running["r1-1"].end() == 0
    assert has_ended(worker)


def test_a_worker_at_a_request_of_a_dead_front_is_had_again(containers: Containers) -> None:
    containers.open_front()
    containers.serve("r1", script=WAITS)
    worker = containers.ask({}).json["pid"]
    until = containers.folder / "until"
    connection = containers.connect()
    headers = {"Authorization": f"Bearer {containers.key}"}
    connection.request("POST", "/score", json.dumps({"until": str(until)}).encode(), headers)
    wait_until(lambda: containers.active().in_flight == 1, "the request")
    containers.running["front"].end(signal.SIGKILL)
    connection.close()
    until.touch()
    containers.start_front()
    wait_until(lambda: containers.active().workers_ready == 1, "the replica")
    assert containers.ask({}).json["pid"] == worker


def test_a_worker_that_died_without_a_front_is_replaced(containers: Containers) -> None:
    containers.open_front()
    containers.serve("r1")
    worker = containers.ask({}).json["pid"]
    containers.running["front"].end(signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    containers.start_front()
    wait_until(lambda: containers.active().workers_ready == 1, "the replica")
    assert containers.ask({}).json["pid"] != worker


def test_what_is_stuck_is_answered_and_replaced(containers: Containers) -> None:
    containers.open_front()
    containers.start_replica("r1", 1)
    containers.client.load(containers.spec(scoring_timeout=3.0), {})
    containers.client.activate("r1")
    stuck = containers.ask({}).json["pid"]
    answer = containers.ask({"sleep": 600})
    assert (answer.status, b"Scoring timeout" in answer.body) == (500, True)
    wait_until(lambda: has_ended(stuck), "the end of what was stuck")
    wait_until(lambda: containers.active().workers_ready == 1, "another worker")
    assert containers.ask({}).json["pid"] != stuck


def test_a_pause_ends_the_workers_and_resuming_starts_them(containers: Containers) -> None:
    containers.open_front()
    containers.serve("r1")
    worker = containers.ask({}).json["pid"]
    containers.client.pause()
    assert containers.client.status().paused == "r1"
    assert containers.ask({}).status == 503
    wait_until(lambda: has_ended(worker), "the worker's end")
    containers.running["front"].end(signal.SIGKILL)
    containers.start_front()
    assert containers.client.status().paused == "r1"
    containers.client.resume()
    assert containers.ask({}).status == 200


def test_secrets_reach_the_script_and_stand_nowhere_else(containers: Containers) -> None:
    containers.open_front()
    script = """
    import os
    def init():
        print("the token is " + os.environ["TOKEN"])
    def run(data):
        with open("/proc/self/environ") as environ:
            return {"is_set": os.environ["TOKEN"], "shown": "hidden-value" in environ.read()}
    """
    secrets = containers.folder / "secrets.json"
    secrets.write_text(json.dumps({"TOKEN": "hidden-value"}))
    secrets.chmod(0o600)
    replica = containers.start_replica("r1", 1, script, AMLPLAN_SECRETS=str(secrets))
    containers.client.load(containers.spec(), {})
    containers.client.activate("r1")
    assert containers.ask({}).json == {"is_set": "hidden-value", "shown": False}
    wait_until(lambda: "the token is" in replica.log, "the output")
    assert "hidden-value" not in replica.log


def test_a_secret_file_that_others_may_read_is_refused(containers: Containers) -> None:
    secrets = containers.folder / "secrets.json"
    secrets.write_text(json.dumps({"TOKEN": "hidden-value"}))
    secrets.chmod(0o644)
    replica = containers.start_replica("r1", 1, AMLPLAN_SECRETS=str(secrets))
    assert replica.process.wait(60) == 1
    assert "0600" in replica.log
    assert "Traceback" not in replica.log


def test_a_front_whose_memory_is_broken_can_be_given_a_revision(containers: Containers) -> None:
    containers.open_front()
    containers.serve("r1")
    containers.running["front"].end()
    (containers.folder / "data/serving.json").write_text("{")
    front = containers.start_front()
    assert "serving.json cannot be used" in front.log
    assert containers.client.status().active is None
    containers.client.load(containers.spec(), {})
    containers.client.activate("r1")
    assert containers.ask({}).status == 200


def test_what_cannot_be_remembered_is_refused(containers: Containers) -> None:
    data = containers.folder / "data"
    with small_disk(data, "256k"):
        containers.open_front()
        containers.serve("r1")
        containers.start_replica("r2", 1)
        containers.client.load(containers.spec("r2"), {})
        filler = data / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 1024):
                continue
        with pytest.raises(RefusedError, match="No space left"):
            containers.client.activate("r2")
        with pytest.raises(RefusedError, match="No space left"):
            containers.client.put_keys({"primary": "another-key"})
        assert containers.ask({}).json["revision"] == "r1"
        filler.unlink()
        containers.client.activate("r2")
        assert containers.ask({}).json["revision"] == "r2"
        assert sorted(path.name for path in data.glob(".*")) == []
        containers.close()


def test_documents_of_the_manager_are_kept(containers: Containers) -> None:
    containers.start_front()
    client = containers.client_by_ctl
    client.write("deployment.json", b"{}")
    client.write("revisions/7.json", bytes(range(256)))
    containers.running["front"].end()
    containers.start_front()
    assert client.read("revisions/7.json") == bytes(range(256))
    assert client.read("revisions/8.json") is None
    assert client.names() == ["deployment.json", "revisions/7.json"]
    client.remove("revisions/7.json")
    client.remove("revisions/7.json")
    assert client.names() == ["deployment.json"]
    with pytest.raises(RefusedError, match="no name of a document"):
        client.write("../keys.json", b"")


def test_another_protocol_is_told_apart(containers: Containers) -> None:
    containers.program = [*containers.program]
    containers.open_front()
    code = (
        "import sys; from amlplan_serve import frames; frames.PROTOCOL = 99; "
        "from amlplan_serve.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    program, containers.program = containers.program, [containers.program[0], "-c", code]
    replica = containers.start_replica("r1", 1)
    containers.program = program
    with pytest.raises(RevisionFailedError, match="speaks protocol 99"):
        containers.client.load(containers.spec(), {})
    assert replica.process.wait(60) == 1
    assert "protocol 99" in replica.log
