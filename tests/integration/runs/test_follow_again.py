"""A run is followed from another process, queued behind others, or found not to respond."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from command_line import WAIT
from local_workbench import wait_until

if TYPE_CHECKING:
    from command_line import CommandLine

GATED = """
import os, sys, time
print("before", flush=True)
open("outputs/ready", "w").close()
while not os.path.exists({gate!r}): time.sleep(0.01)
print("after")
sys.exit({code})
"""
QUEUE = """
compute "local" "narrow" { max_runs = 1 }
run_config "train" {
  script      = "train.py"
  target      = compute.narrow
  environment = environment.mine
}
"""
LONG_AGO = 100.0


def only(line: CommandLine) -> dict[str, Any]:
    (run,) = line.json("runs", "list")["runs"]
    return dict(run)


class Stopped:
    """A supervisor that was stopped, and long ago as its run's folder tells."""

    def __init__(self, line: CommandLine, folder: Path) -> None:
        self.pid = line.supervisor(folder)
        self.heartbeat = folder / "heartbeat"
        os.kill(self.pid, signal.SIGSTOP)
        assert wait_until(self.is_stopped, 30)
        then = time.time() - LONG_AGO
        os.utime(self.heartbeat, (then, then))

    def is_stopped(self) -> bool:
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def go_on(self) -> None:
        self.wake()
        assert wait_until(lambda: self.heartbeat.stat().st_mtime > time.time() - LONG_AGO / 2, 30)


@pytest.mark.parametrize("code", [0, 7])
def test_another_shell_sees_a_run_to_its_end(line: CommandLine, code: int) -> None:
    """The command line that started it is killed; who follows then gets all that it would have."""
    gate = line.base / "gate"
    line.write("train.py", GATED.format(gate=str(gate), code=code))
    process = line.start("run", "train.py")
    line.await_ready()
    process.kill()
    process.wait()
    follower = line.start("runs", "logs", "latest", "-follow")
    assert follower.stdout is not None
    assert follower.stdout.readline() == "before\n"
    gate.touch()
    result = line.end(follower)
    assert (result.out, result.code) == ("after\n", code)
    line.await_nobody()
    again = line.run("runs", "logs", "latest", "-follow", code=code)
    assert again.out == "before\nafter\n"


def test_a_supervisor_that_gives_no_sign_of_life_is_told(line: CommandLine) -> None:
    gate = line.base / "gate"
    line.write("train.py", GATED.format(gate=str(gate), code=0))
    line.run("run", "-detach", "train.py")
    folder = line.await_ready()
    follower = line.start("runs", "logs", "latest", "-follow")
    assert follower.stdout is not None
    assert follower.stdout.readline() == "before\n"
    stopped = Stopped(line, folder)
    assert wait_until(lambda: only(line)["status"] == "NotResponding", 30)
    run = only(line)
    assert (run["status"], run["reason"]) == (
        "NotResponding",
        "its supervisor gives no sign of life",
    )
    assert line.json("runs", "list", "-status=NotResponding")["runs"] == [run]
    assert follower.stderr is not None
    assert "does not respond" in follower.stderr.readline()
    stopped.go_on()
    assert only(line)["status"] == "Running"
    gate.touch()
    assert line.end(follower).code == 0
    line.await_nobody()
    assert only(line)["status"] == "Completed"
    statuses = [change.status for change in line.last().statuses]
    assert statuses[:3] == ["Running", "NotResponding", "Running"]
    assert line.last().ignored == 0


def test_a_run_that_does_not_respond_may_end_well_unseen(line: CommandLine) -> None:
    gate = line.base / "gate"
    line.write("train.py", GATED.format(gate=str(gate), code=0))
    line.run("run", "-detach", "train.py")
    stopped = Stopped(line, line.await_ready())
    assert only(line)["status"] == "NotResponding"
    gate.touch()
    stopped.wake()
    line.await_nobody()
    assert only(line)["status"] == "Completed"
    assert line.last().ignored == 0


def test_a_run_that_does_not_respond_can_be_canceled(line: CommandLine) -> None:
    line.write("train.py", WAIT)
    line.run("run", "-detach", "train.py")
    Stopped(line, line.await_ready())
    line.run("runs", "cancel", "latest")
    assert only(line)["status"] == "Canceled"
    line.await_nobody()


def test_runs_beyond_the_limit_of_a_target_are_queued(line: CommandLine) -> None:
    gate = line.base / "gate"
    line.write("train.py", GATED.format(gate=str(gate), code=0))
    line.configure(QUEUE)
    for _ in range(2):
        line.run("run", "-detach", "train")
    third = line.start("run", "train")
    line.await_ready()
    assert wait_until(lambda: len(line.json("runs", "list")["runs"]) == 3, 30)
    assert wait_until(lambda: "Queued (2)" in line.run("runs", "list").out, 30)
    runs = {run["number"]: run for run in line.json("runs", "list")["runs"]}
    assert [runs[number]["status"] for number in (1, 2, 3)] == ["Running", "Queued", "Queued"]
    assert [runs[number].get("place_in_queue") for number in (1, 2, 3)] == [None, 1, 2]
    assert "Queued (1)" in line.run("runs", "show", "2").out
    assert line.json("runs", "show", "3")["place_in_queue"] == 2
    line.run("runs", "cancel", "2")
    gate.touch()
    result = line.end(third)
    assert result.code == 0
    assert "Queued" in result.err
    line.await_nobody()  # a slot is free before the end of the run that had it is told
    statuses = [run["status"] for run in line.json("runs", "list")["runs"]]
    assert statuses == ["Completed", "Canceled", "Completed"]


def test_the_end_of_standard_error_is_shown(line: CommandLine) -> None:
    line.write(
        "train.py",
        "import sys\nsys.stderr.write('it is broken\\n')\nsys.stderr.flush()\n"
        "for n in range(100): print('noise')\nsys.exit(3)\n",
    )
    result = line.run("run", "train.py", code=3)
    line.await_nobody()
    shown = line.run("runs", "show", "latest").out
    assert "Standard error ended with\n  it is broken\n" in shown
    (error,) = line.json("runs", "show", "latest")["errors"]
    assert (error["name"], error["text"], error["attempt"]) == ("stderr", "it is broken", 1)
    ends_with_it = result.out.split("run 1 of train: Failed")[0].rstrip().endswith("it is broken")
    assert ("Standard error ended with" in result.err) != ends_with_it


def test_an_error_that_was_just_seen_is_not_repeated(line: CommandLine) -> None:
    line.write("train.py", "raise ValueError('broken')\n")
    result = line.run("run", "train.py", code=1)
    assert result.all.count("ValueError: broken") == 1
    assert "ValueError: broken" in line.run("runs", "show", "latest").out


def test_attempts_are_shown(line: CommandLine) -> None:
    line.write("train.py", "import os\nexit(os.environ['AMLPLAN_RUN_ATTEMPT'] != '3')\n")
    retries = QUEUE.replace("environment.mine\n", "environment.mine\n  retries = 5\n")
    line.configure(retries)
    run = line.json("run", "train")
    assert run["status"] == "Completed"
    assert [change["attempt"] for change in run["statuses"]] == [1, 2, 2, 3, 3, 3, 3]
    assert "attempts" in line.run("runs", "show", "latest").out
    assert line.run("runs", "logs", "latest").out.count("this is attempt") == 2
    assert line.last().ignored == 0


def test_graphics_processors_of_the_target_are_given_out(line: CommandLine) -> None:
    """Two, as a driver that is not there lists them."""
    driver = line.base / "bin" / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 'GPU 0: a (UUID: x)'\necho 'GPU 1: b (UUID: y)'\n")
    driver.chmod(0o755)
    gate = line.base / "gate"
    line.write("train.py", "import os\nprint(os.environ['CUDA_VISIBLE_DEVICES'], flush=True)\n")
    with (line.root / "train.py").open("a") as script:
        script.write(GATED.format(gate=str(gate), code=0))
    resources = "environment.mine\n  resources { gpus = 1 }\n"
    line.configure(QUEUE.replace("{ max_runs = 1 }", "{}").replace("environment.mine\n", resources))
    for _ in range(3):
        line.run("run", "-detach", "train")
    assert wait_until(lambda: "Queued (1)" in line.run("runs", "list").out, 30)
    gate.touch()
    line.await_nobody()
    runs = line.json("runs", "list")["runs"]
    assert [run["status"] for run in runs] == ["Completed"] * 3
    found = [line.run("runs", "logs", str(number)).out.split()[0] for number in (1, 2, 3)]
    assert found[:2] == ["0", "1"]
    assert found[2] in {"0", "1"}
