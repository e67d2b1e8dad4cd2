"""`amlplan run -p name=a,b`: a run for each combination, one that stands for all of them."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.masking import MASK
from command_line import WAIT
from harness.terminal import Terminal
from local_workbench import wait_until

if TYPE_CHECKING:
    from command_line import CommandLine

LOG = """
import os, sys, amlplan_run
values = dict(zip(sys.argv[1::2], sys.argv[2::2]))
alpha, depth = float(values["--alpha"]), int(values.get("--depth", 0))
amlplan_run.log("mse", alpha * 10 + depth)
open("outputs/model", "w").write(str(alpha))
"""
GATED = LOG + "import time\nwhile not os.path.exists({gate!r}): time.sleep(0.02)\n"


def members(line: CommandLine, grid: str) -> list[Any]:
    return [line.history.run(child.id) for child in line.history.run(grid).children]


def grid_of(line: CommandLine) -> str:
    """The id of the only grid."""
    (found,) = [
        run.id for run in line.history.runs() if "grid" in line.history.run(run.id).definition
    ]
    return found


def test_every_combination_is_a_run_and_one_stands_for_all(line: CommandLine) -> None:
    line.write("train.py", LOG)
    result = line.run(
        "run", "train.py", "-p", "alpha=0.1,0.5", "-p", "depth=2,3", "-p", "seed=7", "-metric=mse"
    )
    grid = line.history.run(grid_of(line))
    assert f"run 1 of train (train.py) as {grid.summary.id}: 4 members" in result.out
    assert (grid.summary.status, grid.summary.exit_code, grid.outputs) == ("Completed", 0, {})
    assert dict(grid.parameters) == {"seed": "7"}
    found = members(line, grid.summary.id)
    assert [dict(member.parameters) for member in found] == [
        {"alpha": alpha, "depth": depth, "seed": "7"} for alpha in ("0.1", "0.5") for depth in "23"
    ]
    assert {member.summary.parent for member in found} == {grid.summary.id}
    assert [member.summary.number for member in found] == [2, 3, 4, 5]
    assert found[0].definition["program"][1:] == [
        *("train.py", "--alpha", "0.1", "--depth", "2", "--seed", "7")
    ]
    assert len({member.definition["snapshot"] for member in found}) == 1
    assert all("outputs/model" in member.outputs for member in found)
    table = result.out[result.out.index("NUMBER") :].splitlines()
    assert table[0].split() == ["NUMBER", "alpha", "depth", "mse", "STATUS", "TOOK", "ID"]
    assert table[1].split()[:6] == ["*", "2", "0.1", "2", "3", "Completed"]
    best = "* best: run 2 of train, mse = 3 (alpha=0.1 depth=2)"
    assert best in result.out
    assert best in line.run("runs", "show", "1").out
    line.await_nobody()


def test_a_configured_grid_gives_each_member_what_the_block_says(line: CommandLine) -> None:
    line.configure(
        """
run_config "train" {
  script      = "train.py"
  target      = compute.here
  environment = environment.mine
  parameters  = { alpha = "1", depth = "2" }
  env         = { TOKEN = env_secret("TOKEN") }
}
"""
    )
    line.write("train.py", LOG + "print(os.environ['TOKEN'])\n")
    secret = {"TOKEN": "s3cret/with+odd"}
    result = line.run(
        "run", "train", "-p", "alpha=3,5", "-metric=mse", "-goal=maximize", environment=secret
    )
    assert "* best: run 3 of train, mse = 52 (alpha=5)" in result.out
    found = members(line, grid_of(line))
    assert [member.definition["configuration"]["parameters"] for member in found] == [
        {"alpha": "3", "depth": "2"},
        {"alpha": "5", "depth": "2"},
    ]
    for member in found:
        assert (line.workspace / "runs" / member.summary.id / "log.txt").read_text() == MASK + "\n"
    for path in line.workspace.rglob("*"):
        assert not path.is_file() or secret["TOKEN"].encode() not in path.read_bytes(), path


def test_the_exit_code_is_the_worst_and_the_record_has_all(line: CommandLine) -> None:
    line.write("train.py", LOG + "sys.exit(int(alpha))\n")
    result = line.run("run", "train.py", "-p", "alpha=0,3,2", "-metric=mse", "-json", code=3)
    record = json.loads(result.out)
    second = record["members"][1]["id"]
    assert f"2 failed, the first run 3 of train (exit code 3); see: amlplan runs logs {second}" in (
        result.err
    )
    assert (record["status"], record["exit_code"]) == ("Failed", 3)
    assert record["reason"] == "2 of 3 members did not complete"
    assert [member["exit_code"] for member in record["members"]] == [0, 3, 2]
    assert [member["parameters"]["alpha"] for member in record["members"]] == ["0", "3", "2"]
    assert record["best"] == record["members"][0]["id"]
    assert record["members"][1]["metrics"]["mse"]["value"] == 30
    assert record["not_started"] == []


@pytest.mark.slow
def test_no_more_members_run_at_once_than_asked_for(line: CommandLine) -> None:
    together = line.base / "together"
    together.mkdir()
    line.write(
        "train.py",
        LOG
        + f"mine = os.path.join({str(together)!r}, values['--alpha'])\n"
        + "open(mine, 'w').close()\nimport time; time.sleep(0.2)\n"
        + f"amlplan_run.log('together', len(os.listdir({str(together)!r})))\nos.remove(mine)\n",
    )
    line.run("run", "train.py", "-p", "alpha=1,2,3,4", "-parallelism=2")
    found = members(line, grid_of(line))
    assert len(found) == 4
    assert max(member.metrics["together"].last.value for member in found) <= 2


@pytest.mark.slow
def test_a_command_is_run_for_every_combination(line: CommandLine) -> None:
    line.configure(
        """
run_config "train" {
  command     = ["sh", "-c", "test \\"$1\\" != 2"]
  target      = compute.here
}
"""
    )
    line.run("run", "train", "-p", "alpha=1,2", code=1)
    assert [m.summary.status for m in members(line, grid_of(line))] == ["Completed", "Failed"]


def test_an_interrupt_cancels_every_member(line: CommandLine) -> None:
    line.write("train.py", WAIT)
    process = line.start("run", "train.py", "-p", "alpha=1,2,3", "-parallelism=2")
    assert wait_until(lambda: len(line._ready()) == 2, 60)
    process.send_signal(signal.SIGINT)
    result = line.end(process)
    assert result.code == 130, result.all
    grid = line.history.run(grid_of(line))
    assert grid.summary.status == "Canceled"
    assert "never started: alpha=3" in str(grid.summary.reason)
    assert "not started" in result.out
    assert [m.summary.status for m in members(line, grid.summary.id)] == ["Canceled"] * 2
    line.await_nobody()


def test_a_detached_grid_goes_on_and_can_be_canceled(line: CommandLine) -> None:
    gate = line.base / "gate"
    line.write("train.py", GATED.format(gate=str(gate)))
    result = line.run("run", "train.py", "-p", "alpha=1,2,3", "-parallelism=1", "-detach")
    grid = grid_of(line)
    assert f"amlplan runs show {grid}" in result.out
    shown = line.json("runs", "show", grid)
    assert shown["status"] == "Running"
    gate.touch()
    assert wait_until(lambda: line.json("runs", "show", grid)["status"] == "Completed", 60)
    assert len(members(line, grid)) == 3
    gate.unlink()
    line.run("run", "train.py", "-p", "alpha=1,2", "-detach", "-parallelism=2")
    latest = next(run for run in line.json("runs", "list")["runs"] if not run["parent"])["id"]
    assert wait_until(lambda: len(line.history.run(latest).children) == 2, 60)
    assert "Canceled" in line.run("runs", "cancel", latest).out
    assert {m.summary.status for m in members(line, latest)} == {"Canceled"}
    line.await_nobody()


@pytest.mark.slow
def test_members_are_shown_in_place_on_a_terminal(line: CommandLine) -> None:
    line.write("train.py", LOG)
    terminal = Terminal(
        line.project, "run", "train.py", "-p", "alpha=1,2", PATH=line.environment["PATH"]
    )
    assert terminal.end() == 0
    assert "run 2 (alpha=1)" in terminal.text
    assert "\x1b[J" in terminal.text


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["-p", "alpha=1,1"], "-p alpha: a value is there twice"),
        (["-p", "alpha=1,"], "-p alpha: a value is empty"),
        (["-p", "alpha=1", "-metric=mse"], "-metric is for a grid"),
        (["-parallelism=2"], "-parallelism is for a grid"),
        (["-p", "alpha=1,2", "-goal=maximize"], "-goal needs -metric"),
        (["-p", "alpha=1,2", "-metric="], "-metric needs the name"),
        (["-p", "alpha=" + ",".join(map(str, range(1001)))], "1,000 are the most"),
    ],
)
def test_what_makes_no_grid_is_refused_before_anything_is_recorded(
    line: CommandLine, options: list[str], what: str
) -> None:
    line.write("train.py", LOG)
    assert what in line.run("run", "train.py", *options, code=125).err.replace("\n", " ")
    assert line.folders() == []
