"""A grid whose command line or conductor is killed: no orphan, no duplicate, and the truth told."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_workbench import is_running, wait_until

if TYPE_CHECKING:
    from command_line import CommandLine

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks at processes in /proc"
)
SCRIPT = """
import os, sys, time, amlplan_run
amlplan_run.log("point", float(sys.argv[2]))
open("outputs/ready", "w").close()
while not os.path.exists({gate!r}): time.sleep(0.02)
"""
GRID = ("run", "train.py", "-p", "alpha=1,2,3", "-parallelism=2")


@pytest.fixture
def gate(line: CommandLine) -> Path:
    path = line.base / "gate"
    line.write("train.py", SCRIPT.format(gate=str(path)))
    return path


def listed(line: CommandLine) -> list[dict[str, Any]]:
    """What `runs list` says, the oldest first; and again, the same."""
    runs = line.json("runs", "list")["runs"]
    assert line.json("runs", "list")["runs"] == runs
    return list(reversed(runs))


def status_of_grid(line: CommandLine) -> str:
    return str(line.json("runs", "list")["runs"][-1]["status"])


def conductor(line: CommandLine) -> int:
    (path,) = line.data.glob("workspaces/*/runs/*/conductor.json")
    return int(json.loads(path.read_text())["pid"])


def check_each_member_once(line: CommandLine, runs: list[dict[str, Any]]) -> None:
    members = [line.history.run(run["id"]) for run in runs if run["parent"] is not None]
    alphas = [member.parameters["alpha"] for member in members]
    assert len(set(alphas)) == len(alphas)
    for member in members:
        if member.summary.status == "Completed":
            (point,) = line.history.series(member.summary.id, "point")
            assert point.value == float(member.parameters["alpha"])


@pytest.mark.slow
@pytest.mark.parametrize("group", ["", "group:"], ids=["process", "group"])
def test_a_kill_before_the_grid_is_conducted_starts_nothing(
    line: CommandLine, gate: Path, group: str
) -> None:
    line.killed(group + "gridding", *GRID)
    (run,) = listed(line)
    assert run["status"] == "Failed"
    assert "amlplan was ended before the grid was started" in run["reason"]
    assert "never started: alpha=1; alpha=2; alpha=3" in run["reason"]
    assert run["exit_code"] == 125


@pytest.mark.parametrize("place", ["forked", "gridded"])
@pytest.mark.parametrize(
    "group", ["", pytest.param("group:", marks=pytest.mark.slow)], ids=["process", "group"]
)
def test_a_grid_that_is_conducted_goes_on_to_its_end(
    line: CommandLine, gate: Path, place: str, group: str
) -> None:
    line.killed(group + place, *GRID)
    gate.touch()
    assert wait_until(lambda: status_of_grid(line) in {"Completed", "Failed"}, 60)
    runs = listed(line)
    if place == "forked" and runs[0]["status"] == "Failed":
        # Who looked came before the conductor took over, or it was of the group still.
        assert "amlplan was ended before the grid was started" in runs[0]["reason"]
        assert len(runs) == 1
        return
    assert [run["status"] for run in runs] == ["Completed"] * 4
    check_each_member_once(line, runs)
    line.await_nobody()


def test_members_go_on_without_their_conductor_and_what_is_missing_is_told(
    line: CommandLine, gate: Path
) -> None:
    line.run(*GRID, "-detach")
    assert wait_until(lambda: len(line._ready()) == 2, 60)
    pid = conductor(line)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not is_running(pid), 15)
    assert [run["status"] for run in listed(line)] == ["Running"] * 3
    gate.touch()
    line.await_nobody()
    grid, *members = listed(line)
    assert [run["status"] for run in members] == ["Completed"] * 2
    assert grid["status"] == "Failed"
    assert grid["reason"] == ("the process that conducted it was ended, never started: alpha=3")
    check_each_member_once(line, [grid, *members])


@pytest.mark.slow
def test_a_grid_without_a_conductor_can_be_canceled(line: CommandLine, gate: Path) -> None:
    line.run(*GRID, "-detach")
    assert wait_until(lambda: len(line._ready()) == 2, 60)
    pid = conductor(line)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not is_running(pid), 15)
    grid = listed(line)[0]["id"]
    assert "Failed" in line.run("runs", "cancel", grid).out
    assert [run["status"] for run in listed(line)] == ["Failed", "Canceled", "Canceled"]
    line.await_nobody()


@pytest.mark.slow
def test_a_conductor_killed_while_it_starts_a_member_leaves_no_orphan(
    line: CommandLine, gate: Path
) -> None:
    """The member that was recorded and not submitted is told to have failed."""
    gate.touch()
    line.end(line.start(*GRID, "-detach", at="conductor:amlplan.runs.launch.materialise"))
    assert wait_until(lambda: status_of_grid(line) == "Failed", 60)
    grid, member = listed(line)
    assert member["reason"] == "amlplan was ended before it was submitted"
    assert grid["reason"] == (
        "the process that conducted it was ended, 1 of 1 member did not complete, "
        "never started: alpha=2; alpha=3"
    )
    line.await_nobody()
