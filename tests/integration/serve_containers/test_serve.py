"""An image that serves by itself."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.containers import Container, image_at
from harness.service import wait_until

if TYPE_CHECKING:
    from harness.containers import Containers

WALKS = """
import json, os
def init():
    global found
    root = os.environ["AZUREML_MODEL_DIR"]
    found = [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]
def run(data):
    return {"root": os.environ["AZUREML_MODEL_DIR"], "found": sorted(found), "pid": os.getpid(),
            "content": [open(name, "rb").read().decode() for name in sorted(found)],
            "ours": [name for name in os.environ if name.startswith("AMLPLAN_")]}
"""
SLOW = """
import json, os, time
def init():
    pass
def run(data):
    while not os.path.exists(json.loads(data)["until"]):
        time.sleep(0.01)
    return "slept"
"""
BROKEN = """
def init():
    raise RuntimeError("no weights here")
def run(data):
    return None
"""


def start(containers: Containers, **variables: str) -> Container:
    containers.key = None
    told = {
        "AMLPLAN_ROOT": str(containers.folder / "image"),
        "AMLPLAN_HOST": "127.0.0.1",
        "AMLPLAN_PORT": str(containers.port),
        "AMLPLAN_MODEL_VIEW": str(containers.folder / "view"),
        "TMPDIR": str(containers.folder),
        **variables,
    }
    container = Container("serve", containers.folder).run("serve", containers.program, told)
    containers.running["serve"] = container
    return container


def is_ready(containers: Containers) -> bool:
    try:
        return containers.ask(None, "GET", "/v2/health/ready").status == 200
    except OSError:
        return False


def test_an_image_serves_its_models_by_version(containers: Containers) -> None:
    image_at(containers.folder / "image", WALKS, {"ridge": b"weights"})
    serving = start(containers, AMLPLAN_MODEL_VERSIONS='{"ridge": "7"}', AMLPLAN_WORKERS="2")
    wait_until(lambda: is_ready(containers), "readiness")
    told = containers.ask({}).json
    view = containers.folder / "view"
    assert told["root"] == str(view / "ridge" / "7")
    assert told["found"] == [str(view / "ridge" / "7" / "inner/weights.bin")]
    assert told["content"] == ["weights"]
    assert told["ours"] == []
    assert containers.ask(None, "GET", "/metrics").body.count(b"amlplan_workers_wanted 2.0") == 1
    assert serving.end() == 0


def test_several_models_lie_below_one_folder(containers: Containers) -> None:
    image_at(containers.folder / "image", WALKS, {"a": b"1", "b": b"2"})
    start(containers, AMLPLAN_MODEL_VERSIONS='{"a": "3"}')
    wait_until(lambda: is_ready(containers), "readiness")
    told = containers.ask({}).json
    view = containers.folder / "view"
    assert told["root"] == str(view)
    assert told["found"] == [
        str(view / "a/3/inner/weights.bin"),
        str(view / "b/1/inner/weights.bin"),
    ]


def test_it_finishes_what_is_in_flight_when_told_to_end(containers: Containers) -> None:
    image_at(containers.folder / "image", SLOW)
    serving = start(containers)
    wait_until(lambda: is_ready(containers), "readiness")
    connection = containers.connect()
    until = containers.folder / "until"
    connection.request("POST", "/score", json.dumps({"until": str(until)}).encode())
    wait_until(lambda: b"amlplan_score_in_flight 1" in containers.ask(None, "GET", "/metrics").body)
    serving.process.send_signal(signal.SIGTERM)
    wait_until(lambda: not is_ready(containers), "its end")
    until.touch()
    assert json.loads(connection.getresponse().read()) == "slept"
    connection.close()
    assert serving.process.wait(60) == 0


def test_a_script_that_does_not_start_ends_it_with_its_traceback(containers: Containers) -> None:
    image_at(containers.folder / "image", BROKEN)
    serving = start(containers)
    assert serving.process.wait(60) == 1
    assert "Traceback" in serving.log
    assert "the script cannot be served: RuntimeError: no weights here" in serving.log


def test_an_image_without_its_description_is_told_of(containers: Containers) -> None:
    serving = start(containers)
    assert serving.process.wait(60) == 1
    assert "image.json cannot be read" in serving.log
    assert "Traceback" not in serving.log


def test_variables_that_make_no_sense_are_told_of(containers: Containers) -> None:
    image_at(containers.folder / "image")
    assert start(containers, AMLPLAN_WORKERS="many").process.wait(60) == 1
    assert "AMLPLAN_WORKERS is 'many'" in containers.running["serve"].log
    assert start(containers, AMLPLAN_MODEL_VERSIONS="[]").process.wait(60) == 1
    assert "AMLPLAN_MODEL_VERSIONS must" in containers.running["serve"].log


def test_it_can_be_managed_through_its_control_socket(containers: Containers) -> None:
    image_at(containers.folder / "image")
    control = containers.folder / "control.sock"
    start(containers, AMLPLAN_CONTROL=str(control))
    wait_until(lambda: is_ready(containers), "readiness")
    containers.control = str(control)
    active = containers.client_by_ctl.status().active
    assert active is not None
    assert active.workers_ready == 1


FIRST = """
import ctypes, os, sys
from amlplan_serve.init import with_init
SUBREAPER = 36
ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
def main():
    for _ in range(5):
        if not os.fork():           # loses its parent at once, and ends a little later
            if os.fork():
                os._exit(0)
            os._exit(0)
    for _ in range(5):
        os.wait()
    print("running", flush=True)
    import signal
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    while True:
        signal.pause()
sys.exit(with_init(main))
"""


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_first_process_buries_orphans_and_passes_signals_on(containers: Containers) -> None:
    first = Container("first", containers.folder).run("x", [sys.executable, "-c", FIRST], {})
    containers.running["first"] = first
    wait_until(lambda: "running" in first.log, "the child")

    wait_until(lambda: len(children_of(first.process.pid)) == 1, "the end of the orphans")
    assert first.end() == 7


def test_a_child_that_is_killed_gives_the_first_process_its_code(containers: Containers) -> None:
    first = Container("first", containers.folder).run("x", [sys.executable, "-c", FIRST], {})
    containers.running["first"] = first
    wait_until(lambda: "running" in first.log, "the child")
    os.kill(children_of(first.process.pid)[0], signal.SIGKILL)
    assert first.process.wait(60) == 128 + signal.SIGKILL
