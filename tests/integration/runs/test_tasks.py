"""`amlplan tasks`: what goes on in a project, whatever it is, seen and ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.project import Project
from command_line import CONFIGURATION, WAIT
from harness.terminal import Terminal
from kill.course import thing
from local_workbench import wait_until

if TYPE_CHECKING:
    from command_line import CommandLine

GATED = """
import os, sys, time, amlplan_run
amlplan_run.log("loss", 0.5, step=3)
open("outputs/ready", "w").close()
while not os.path.exists({gate!r}): time.sleep(0.02)
"""


def tasks(line: CommandLine, *options: str) -> list[dict[str, Any]]:
    return list(line.json("tasks", "list", *options)["tasks"])


def test_nothing_is_under_way_in_a_new_folder(line: CommandLine) -> None:
    assert "Nothing is under way" in line.run("tasks", "list").out
    assert tasks(line, "-all") == []
    assert line.run("tasks", "watch").out == ""
    assert "No such task" in line.run("tasks", "watch", "x", code=1).err
    assert "No such task" in line.run("tasks", "cancel", "x", code=1).err
    assert "Nothing applies" in line.run("tasks", "cancel", "apply").out


def test_runs_are_tasks_with_phase_progress_and_log(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = line.base / "gate"
    line.write("train.py", GATED.format(gate=str(gate)))
    line.run("run", "train.py", "-detach")
    folder = line.await_ready()
    assert wait_until(lambda: tasks(line)[0]["progress"] == "loss = 0.5 at step 3", 30)
    (task,) = tasks(line)
    assert (task["id"], task["kind"], task["name"]) == (folder.name, "run", "train.py")
    assert (task["phase"], task["is_active"]) == ("Running", True)
    assert task["log"] == str(folder / "log.txt")
    assert task["seconds"] > 0
    for name, value in line.project.environment.items():
        monkeypatch.setenv(name, value)
    (same,) = Project(line.root).tasks()
    assert (same.id, same.phase) == (folder.name, "Running")
    watched = line.start("tasks", "watch", folder.name, "-json")
    assert watched.stdout is not None
    assert json.loads(watched.stdout.readline())["type"] == "task_start"
    gate.touch()
    *_, last = (json.loads(text) for text in line.end(watched).out.splitlines())
    assert (last["type"], last["task"]["phase"]) == ("task_end", "Completed")
    assert tasks(line) == []
    (ended,) = tasks(line, "-all")
    assert (ended["phase"], ended["is_active"]) == ("Completed", False)


@pytest.mark.slow
def test_a_run_and_a_grid_are_canceled_as_tasks(line: CommandLine) -> None:
    line.write("train.py", WAIT)
    line.run("run", "train.py", "-detach")
    folder = line.await_ready()
    assert "Asked it to end" in line.run("tasks", "cancel", folder.name[:-2]).out
    line.await_nobody()
    assert "has ended already" in line.run("tasks", "cancel", "1").out
    line.run("run", "train.py", "-p", "a=1,2,3", "-parallelism=2", "-detach")
    assert wait_until(lambda: len(line._ready()) == 2, 60)
    grid, *members = tasks(line)
    assert (grid["kind"], grid["progress"]) == ("grid", "0 of 3 members ended, 2 under way")
    assert {member["parent"] for member in members} == {grid["id"]}
    line.run("tasks", "cancel", grid["id"])
    assert wait_until(lambda: tasks(line) == [], 60)
    line.await_nobody()


def test_an_apply_is_a_task_with_its_operations_and_can_be_canceled(line: CommandLine) -> None:
    line.project.hcl(CONFIGURATION + thing("a", steps=1, seconds=60))
    process = line.start("apply", "-auto-approve")
    assert wait_until(lambda: any("step" in task["progress"] for task in tasks(line)), 60)
    apply, operation = tasks(line)
    assert (apply["id"], apply["kind"], apply["phase"]) == ("apply", "apply", "Applying")
    assert apply["name"].startswith("apply")
    assert apply["progress"] == "1 operation under way: bench.a"
    assert (operation["id"], operation["parent"]) == ("apply/bench.a", "apply")
    assert (operation["kind"], operation["phase"]) == ("operation", "Creating")
    assert operation["progress"] == "1 step done, the last: step0"
    asked = line.run("tasks", "cancel", "apply").out
    assert f"(process {process.pid}) to stop" in asked
    assert line.end(process).code == 130
    left, interrupted = tasks(line)
    assert (left["phase"], interrupted["phase"]) == ("Interrupted", "Interrupted")
    assert not left["is_active"]
    assert "amlplan apply goes on" in left["progress"]


@pytest.mark.slow
def test_tasks_are_shown_in_place_on_a_terminal(line: CommandLine) -> None:
    gate = line.base / "gate"
    line.write("train.py", GATED.format(gate=str(gate)))
    line.run("run", "train.py", "-detach")
    folder = line.await_ready()
    terminal = Terminal(line.project, "tasks", "watch", PATH=line.environment["PATH"])
    terminal.read_until("Running")
    gate.touch()
    assert terminal.end() == 0
    assert f"{folder.name}: run train.py: Completed" in terminal.text
    assert "\x1b[J" in terminal.text
