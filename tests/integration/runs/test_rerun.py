"""`amlplan runs rerun` and `run -resume`: earlier runs once more, and gone on from."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from command_line import WAIT
from local_workbench import wait_until

if TYPE_CHECKING:
    from command_line import CommandLine

CONFIGURED = """
run_config "train" {
  script      = "train.py"
  target      = compute.here
  environment = environment.mine
  history     = "digits"
  parameters  = { alpha = "1" }
  env         = { COLOUR = "blue", TOKEN = env_secret("TOKEN") }
  input "data" {
    path = "data.txt"
  }
  collect {
    include = ["kept/**"]
  }
  max_run_duration = "10m"
}
"""
TOLD = """
import os, sys
print(sys.argv[1:], os.environ["COLOUR"], len(os.environ["TOKEN"]), open("data.txt").read())
os.mkdir("kept")
open("kept/result", "w").write("r")
"""
COUNT = """
import os, sys
earlier = "outputs/count"
count = int(open(earlier).read()) + 1 if os.path.exists(earlier) else 1
open(earlier, "w").write(str(count))
assert not os.listdir("logs")
open("logs/own", "w").write("l")
print("count", count, os.environ.get("AMLPLAN_RESUMED_FROM"), os.environ.get("AMLPLAN_RESUME_PATH"))
sys.exit(int(sys.argv[1]) if len(sys.argv) == 2 else 0)
"""


def test_a_run_is_repeated_from_what_is_stored(line: CommandLine) -> None:
    line.configure(CONFIGURED)
    line.write("train.py", TOLD)
    line.write(".gitignore", "data.txt\n")
    line.write("data.txt", "points")
    secret = {"TOKEN": "s3cret/with+odd"}
    line.run("run", "train", "-p", "alpha=7", "--", "more", environment=secret)
    first = line.last()
    line.write("train.py", "raise SystemExit('another script')\n")
    line.change('COLOUR = "blue"', 'COLOUR = "green"')
    result = line.run("runs", "rerun", "latest", environment=secret)
    assert "['more', '--alpha', '7'] blue 15 points" in result.out
    second = line.last()
    assert second.summary.id != first.summary.id
    assert second.summary.history == "digits"
    assert second.definition["rerun_of"] == first.summary.id
    alike = ("snapshot", "program", "parameters", "inputs", "run_config", "environment", "request")
    assert {name: second.definition[name] for name in alike} == {
        name: first.definition[name] for name in alike
    }
    assert second.definition["configuration"] == first.definition["configuration"]
    assert list(second.outputs) == ["kept/result"]
    (edge,) = line.history.lineage(f"run:{second.summary.id}", "up")
    assert (edge.source, edge.relation) == (f"run:{first.summary.id}", "rerun")
    assert f"rerun of     {first.summary.id}" in line.run("runs", "show").out
    for path in line.workspace.rglob("*"):
        assert not path.is_file() or secret["TOKEN"].encode() not in path.read_bytes(), path


@pytest.mark.slow
def test_a_secret_that_cannot_be_had_keeps_a_run_from_being_repeated(line: CommandLine) -> None:
    line.configure(CONFIGURED)
    line.write("train.py", TOLD)
    line.write(".gitignore", "data.txt\n")
    line.write("data.txt", "points")
    line.run("run", "train", environment={"TOKEN": "s3cret/with+odd"})
    assert "A secret cannot be had" in line.run("runs", "rerun", "latest", code=125).err
    line.change(', TOKEN = env_secret("TOKEN")', "")
    refused = line.run("runs", "rerun", "latest", code=125).err
    assert "has no secret TOKEN any more" in refused.replace("\n", " ")
    assert len(line.folders()) == 1


def test_an_input_that_changed_is_refused_unless_that_is_meant(line: CommandLine) -> None:
    line.configure(CONFIGURED.replace(', TOKEN = env_secret("TOKEN")', ', TOKEN = "t"'))
    line.write("train.py", TOLD)
    line.write(".gitignore", "data.txt\n")
    line.write("data.txt", "points")
    line.run("run", "train")
    first = line.last().definition["inputs"]["data"]["digest"]
    line.write("data.txt", "other")
    refused = line.run("runs", "rerun", "1", code=125)
    assert 'the input "data"' in refused.err
    assert "-changed-inputs" in refused.err
    assert "1 other" in line.run("runs", "rerun", "1", "-changed-inputs").out
    assert line.last().definition["inputs"]["data"]["digest"] != first
    (line.root / "data.txt").unlink()
    assert "An input is missing" in line.run("runs", "rerun", "1", code=125).err


def test_a_script_is_repeated_with_its_exit_code_when_its_folder_is_empty(
    line: CommandLine,
) -> None:
    line.write("train.py", COUNT)
    line.run("run", "train.py", "3", code=3)
    (line.root / "train.py").unlink()
    record = line.run("runs", "rerun", "latest", "-json", code=3)
    assert json.loads(record.out)["exit_code"] == 3
    assert line.run("runs", "rerun", "1", "-detach").code == 0
    line.await_nobody()
    assert [run["status"] for run in line.json("runs", "list")["runs"]] == ["Failed"] * 3


@pytest.mark.slow
def test_a_grid_is_repeated_whole(line: CommandLine) -> None:
    line.write("train.py", "import sys\nprint(sys.argv[1:])\n")
    line.run("run", "train.py", "-p", "a=1,2", "-p", "b=3", "-parallelism=2")
    line.write("train.py", "raise SystemExit(4)\n")
    line.run("runs", "rerun", "1")
    again = line.history.run("4")
    assert again.definition["rerun_of"] == line.history.run("1").summary.id
    assert [line.history.run(member.id).definition["program"] for member in again.children] == [
        line.history.run(member.id).definition["program"]
        for member in line.history.run("1").children
    ]


def test_what_cannot_be_repeated_says_why(line: CommandLine) -> None:
    line.write("train.py", "import amlplan_run\namlplan_run.child_run('a')\n")
    line.run("run", "train.py")
    child = line.last().children[0].id
    assert "A child of a run" in line.run("runs", "rerun", child, code=125).err
    assert "No such run" in line.run("runs", "rerun", "77", code=125).err
    shutil.rmtree(line.workspace / "store" / "snapshots")
    assert "A snapshot is missing" in line.run("runs", "rerun", "1", code=125).err


def test_a_run_goes_on_from_the_outputs_of_another(line: CommandLine) -> None:
    line.write("train.py", COUNT)
    line.run("run", "train.py")
    first = line.last()
    result = line.run("run", "train.py", "-resume=latest")
    second = line.last()
    work = line.workspace / "runs" / second.summary.id / "work"
    assert f"count 2 {first.summary.id} {work / 'outputs'}\n" in result.out
    assert second.definition["resumed_from"] == first.summary.id
    assert set(second.outputs) == {"outputs/count", "logs/own"}
    (edge,) = line.history.lineage(f"run:{second.summary.id}", "up")
    assert edge.relation == "resumed"
    assert "count 2 " in line.run("run", "train.py", "-resume", "1").out  # the first is as it was
    assert "count 3 " in line.run("run", "train.py", "-resume", second.summary.id).out
    assert "count 2 " in line.run("runs", "rerun", "2").out


@pytest.mark.slow
def test_members_of_a_grid_go_on_from_the_same_run(line: CommandLine) -> None:
    line.write("train.py", COUNT)
    line.run("run", "train.py")
    line.run("run", "train.py", "-p", "a=1,2", "-resume=latest", "-parallelism=1")
    grid = line.history.run("2")
    for member in grid.children:
        log = (line.workspace / "runs" / member.id / "log.txt").read_text()
        assert log.startswith("count 2 ")
    assert grid.definition["resumed_from"] == line.history.run("1").summary.id


@pytest.mark.slow
def test_there_must_be_something_to_go_on_from(line: CommandLine) -> None:
    line.write("train.py", "print('nothing')\n")
    assert "No such" in line.run("run", "train.py", "-resume=latest", code=125).err
    line.run("run", "train.py")
    assert "gave no outputs" in line.run("run", "train.py", "-resume=latest", code=125).err
    line.write("wait.py", WAIT)
    line.run("run", "wait.py", "-history=train", "-detach")
    line.await_ready()
    refused = line.run("run", "train.py", "-resume=latest", code=125)
    assert "The run has not ended" in refused.err
    line.run("runs", "cancel", "2")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["created", "filled"])
def test_a_kill_while_a_run_is_repeated_leaves_no_orphan(line: CommandLine, place: str) -> None:
    line.write("train.py", "print('hi')\n")
    line.run("run", "train.py")
    line.killed(place, "runs", "rerun", "1")
    second, first = line.json("runs", "list")["runs"]
    assert (first["status"], second["status"]) == ("Completed", "Failed")
    assert second["reason"] == "amlplan was ended before it was submitted"
    assert wait_until(lambda: not (line.folders()[-1] / "work").exists(), 15)
