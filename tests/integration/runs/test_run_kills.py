"""`amlplan run` and its supervisor, killed in every phase: the history tells the truth."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from command_line import READY, WAIT
from jobs_support import pids_naming
from local_workbench import is_running, wait_until

if TYPE_CHECKING:
    from amlplan.history import RunDetail
    from command_line import CommandLine

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks at processes in /proc"
)
POINTS = """
import amlplan_run, os, sys
def points(first, last):
    for number in range(first, last):
        amlplan_run.log("point", number * 7, step=number)
        print(number, flush=True)
"""
GATED = """
import time
points(0, 100)
open("outputs/ready", "w").close()
while not os.path.exists({gate!r}): time.sleep(0.005)
points(100, 200)
open("outputs/model", "w").write("whole")
"""


def listed(line: CommandLine) -> list[dict[str, Any]]:
    """What `runs list` says, which brings everything up to date; and again, the same."""
    runs = line.json("runs", "list")["runs"]
    assert line.json("runs", "list")["runs"] == runs
    return list(runs)


def check_points(line: CommandLine, run: RunDetail) -> None:
    """Every point that the script was told is recorded is there once, and the log has them all."""
    series = line.history.series(run.summary.id, "point")
    steps = [point.step for point in series]
    assert steps == list(range(len(steps)))
    assert all(point.value == number * 7 for number, point in enumerate(series))
    folder = line.workspace / "runs" / run.summary.id
    told = [int(text) for text in (folder / "log.txt").read_text().split()]
    assert told == list(range(len(told)))
    assert len(told) <= len(steps) <= len(told) + 1


def await_printed(folder: Path) -> None:
    """Wait until the supervisor has read what the script printed before it was ready.

    What is still in the pipe between them when the supervisor is killed goes with it.
    """
    log = folder / "log.txt"
    assert wait_until(lambda: log.read_bytes().count(b"\n") == 100, 15)


@pytest.mark.parametrize("group", ["", "group:"], ids=["process", "group"])
@pytest.mark.parametrize("place", ["storing", "stored"])
def test_a_kill_before_the_run_is_there_leaves_none(
    line: CommandLine, place: str, group: str
) -> None:
    line.write("train.py", "print('hi')\n")
    line.killed(group + place, "run", "train.py")
    assert listed(line) == []
    line.run("run", "train.py")
    assert [run["number"] for run in listed(line)] == [1]


@pytest.mark.parametrize("group", ["", "group:"], ids=["process", "group"])
@pytest.mark.parametrize("place", ["created", "filled"])
def test_a_run_that_was_never_submitted_failed(line: CommandLine, place: str, group: str) -> None:
    line.write("train.py", "print('hi')\n")
    line.killed(group + place, "run", "train.py")
    (run,) = listed(line)
    assert (run["status"], run["exit_code"]) == ("Failed", None)
    assert run["reason"] == "amlplan was ended before it was submitted"
    assert not (line.folders()[0] / "work").exists()
    line.run("run", "train.py")
    assert [(run["number"], run["status"]) for run in listed(line)] == [
        (2, "Completed"),
        (1, "Failed"),
    ]


@pytest.mark.parametrize("group", ["", "group:"], ids=["process", "group"])
@pytest.mark.parametrize("place", ["submitting", "submitted"])
def test_a_run_that_was_submitted_goes_on(line: CommandLine, place: str, group: str) -> None:
    gate = line.base / "gate"
    line.write("train.py", POINTS + GATED.format(gate=str(gate)))
    line.killed(group + place, "run", "train.py")
    line.await_ready()
    (run,) = listed(line)
    assert run["status"] == "Running"
    gate.touch()
    line.await_nobody()
    (run,) = listed(line)
    assert (run["status"], run["exit_code"]) == ("Completed", 0)
    detail = line.last()
    assert detail.metrics["point"].count == 200
    assert "outputs/model" in detail.outputs
    assert detail.ignored == 0
    check_points(line, detail)


@pytest.mark.parametrize("whole_group", [False, True], ids=["process", "group"])
def test_a_kill_while_it_runs_changes_nothing(line: CommandLine, *, whole_group: bool) -> None:
    gate = line.base / "gate"
    line.write("train.py", POINTS + GATED.format(gate=str(gate)))
    process = line.start("run", "train.py")
    line.await_ready()
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    assert [run["status"] for run in listed(line)] == ["Running"]
    gate.touch()
    line.await_nobody()
    assert [run["status"] for run in listed(line)] == ["Completed"]
    check_points(line, line.last())


def test_a_kill_after_the_end_and_before_the_last_look_loses_nothing(line: CommandLine) -> None:
    line.write("train.py", POINTS + "points(0, 300)\n")
    line.killed("ended", "run", "train.py")
    (run,) = listed(line)
    assert run["status"] == "Completed"
    assert line.last().metrics["point"].count == 300
    check_points(line, line.last())


def test_a_kill_while_outputs_are_collected_changes_nothing(line: CommandLine) -> None:
    code = "for n in range(200): open(f'outputs/{n}', 'w').write(str(n) * 20000)\n"
    line.write("train.py", code)
    process = line.start("run", "train.py")
    events = Finalizing(line)
    assert wait_until(events.is_there, 30)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    line.await_nobody()
    assert [run["status"] for run in listed(line)] == ["Completed"]
    assert len(line.last().outputs) == 200


class Finalizing:
    """Whether a run has come to its collection."""

    def __init__(self, line: CommandLine) -> None:
        self.line = line

    def is_there(self) -> bool:
        paths = self.line.data.glob("workspaces/*/runs/*/events/supervisor.jsonl")
        return any(b"Finalizing" in path.read_bytes() for path in paths)


def test_the_supervisor_is_killed_while_the_script_runs(line: CommandLine) -> None:
    """Nothing is left of it, what it recorded is there, and who follows is told."""
    line.write("train.py", POINTS + GATED.format(gate="/nowhere/at-all"))
    process = line.start("run", "train.py")
    folder = line.await_ready()
    await_printed(folder)
    (folder / "work" / "outputs" / "half").write_text("half")
    os.kill(line.supervisor(folder), signal.SIGKILL)
    result = line.end(process)
    assert result.code == 125
    assert "its supervisor was ended" in result.out
    line.await_nobody()
    (run,) = listed(line)
    assert (run["status"], run["reason"]) == ("Failed", "its supervisor was ended")
    assert "outputs/half" in line.last().outputs
    assert line.last().metrics["point"].count == 100
    check_points(line, line.last())
    assert not (folder / "work").exists()


def test_the_folder_is_removed_while_the_script_runs(line: CommandLine) -> None:
    """Who follows is told at once, and the script does not go on for ever."""
    line.write("train.py", WAIT)
    process = line.start("run", "train.py")
    folder = line.await_ready()
    supervisor = line.supervisor(folder)
    shutil.rmtree(folder)
    result = line.end(process)
    assert result.code == 125
    assert "The run's folder was removed" in result.err
    assert "Traceback" not in result.err
    assert wait_until(lambda: not is_running(supervisor), 15)
    line.await_nobody()
    assert listed(line) == []


def test_the_supervisor_is_killed_when_nobody_follows(line: CommandLine) -> None:
    line.write("train.py", POINTS + GATED.format(gate="/nowhere/at-all"))
    line.run("run", "-detach", "train.py")
    folder = line.await_ready()
    await_printed(folder)
    os.kill(line.supervisor(folder), signal.SIGKILL)
    (run,) = listed(line)
    assert (run["status"], run["reason"]) == ("Failed", "its supervisor was ended")
    line.await_nobody()
    check_points(line, line.last())


def test_the_supervisor_is_killed_while_it_collects(line: CommandLine) -> None:
    code = "for n in range(300): open(f'outputs/{n}', 'w').write(str(n) * 20000)\n"
    line.write("train.py", code)
    line.run("run", "-detach", "train.py")
    assert wait_until(Finalizing(line).is_there, 30)
    (folder,) = line.folders()
    supervisor = line.supervisor(folder)
    os.kill(supervisor, signal.SIGKILL)
    assert wait_until(lambda: not is_running(supervisor))
    (run,) = listed(line)
    assert run["exit_code"] == 0
    assert len(line.last().outputs) == 300
    assert not (folder / "work").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_children_of_a_run_that_was_ended_end_too(line: CommandLine, number: int) -> None:
    line.write(
        "train.py",
        "import amlplan_run\n"
        "outer = amlplan_run.child_run('outer')\n"
        "outer.child_run('inner').log('x', 1)\n"
        "with amlplan_run.child_run('done'): pass\n" + WAIT,
    )
    line.run("run", "-detach", "train.py")
    folder = line.await_ready()
    os.kill(line.supervisor(folder), number)
    line.await_nobody()
    ending = "Canceled" if number == signal.SIGTERM else "Failed"
    assert [run["status"] for run in listed(line)] == [ending]
    run = line.last()
    found = {child.name: (child.status, child.reason) for child in run.children}
    why = "the run that it belongs to ended before it did"
    assert found == {"outer": (ending, why), "done": ("Completed", None)}
    (outer,) = (child for child in run.children if child.name == "outer")
    (inner,) = line.history.run(outer.id).children
    assert (inner.status, inner.reason) == (ending, why)
    assert line.history.unfinished() == []
    assert line.run("runs", "logs", inner.id).out == ""


def test_children_that_a_script_forgot_end_with_the_command(line: CommandLine) -> None:
    line.write("train.py", "import amlplan_run\namlplan_run.child_run('left')\n")
    run = line.json("run", "train.py")
    assert run["status"] == "Completed"
    assert [child["status"] for child in run["children"]] == ["Failed"]


def test_a_supervisor_that_comes_too_late_starts_nothing(line: CommandLine) -> None:
    """It was told its task by a command that was killed, and somebody gave the run up since."""
    line.write("train.py", READY)
    line.killed("filled", "run", "train.py")
    (run,) = listed(line)
    (folder,) = line.folders()
    from amlplan.abilities import Job
    from amlplan.errors import ProviderError
    from amlplan_local.jobs import LocalJobs

    (folder / "work" / "outputs").mkdir(parents=True)
    job = Job(run["id"], folder, line.workspace / "store", ("true",))
    with pytest.raises(ProviderError, match="given up"):
        LocalJobs(line.base / "cache").submit(job)
    assert [run["status"] for run in listed(line)] == ["Failed"]
    assert not pids_naming(str(folder))
    events = (folder / "events" / "control.jsonl").read_text().splitlines()
    assert [json.loads(event)["type"] for event in events] == ["run", "status"]
