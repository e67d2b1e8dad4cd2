"""`collect {}`: what is kept of a run, where, and what is told of the rest."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from command_line import READY
from local_workbench import is_running, wait_until

if TYPE_CHECKING:
    from command_line import CommandLine

BLOCK = """
run_config "train" {{
  script      = "train.py"
  target      = compute.here
  environment = environment.mine
  collect {{
    {0}
  }}
}}
"""
SCRIPT = """
import os
os.makedirs("outputs/deep", exist_ok=True)
open("outputs/deep/model", "w").write("weights")
open("outputs/part.tmp", "w").write("t")
os.symlink("model", "outputs/deep/link")
"""


def test_excluded_files_are_told_and_not_kept(line: CommandLine) -> None:
    line.configure(BLOCK.format('exclude = ["**/*.tmp"]'))
    line.write("train.py", SCRIPT)
    line.run("run", "train")
    run = line.last()
    assert set(run.outputs) == {"outputs/deep/model", "outputs/deep/link"}
    assert dict(run.left_out) == {"outputs/part.tmp": 'it is excluded by "**/*.tmp"'}
    assert 'it is excluded by "**/*.tmp"' in line.run("runs", "show").out


def test_by_reference_files_stay_with_the_run_and_are_as_good(line: CommandLine) -> None:
    line.configure(BLOCK.format('mode = "reference"\n    exclude = ["**/*.tmp"]'))
    line.write("train.py", SCRIPT)
    line.run("run", "train")
    run = line.last()
    folder = line.workspace / "runs" / run.summary.id
    assert set(run.outputs) == {"outputs/deep/model", "outputs/deep/link"}
    assert not (folder / "work").exists()
    digest = run.outputs["outputs/deep/model"].digest.removeprefix("sha256:")
    assert not [path for path in (line.workspace / "store").rglob("*") if digest in path.name]
    kept = folder / "kept" / "outputs" / "deep" / "model"
    assert kept.read_text() == "weights"
    there = line.base / "there"  # a place in the project would get it into the next snapshot
    line.run("runs", "download", f"-to={there}")
    assert (there / "outputs/deep/model").read_text() == "weights"
    assert (there / "outputs/deep/link").read_text() == "weights"
    line.write("train.py", "print(open('outputs/deep/model').read())\n")
    assert "weights" in line.run("run", "train", "-resume=latest").out
    kept.write_text("changed")
    damaged = line.run("runs", "download", "1", f"-to={there}", code=None)
    assert damaged.code != 0
    assert "no longer has its digest" in damaged.err


@pytest.mark.slow
def test_a_lost_run_keeps_by_reference_too(line: CommandLine) -> None:
    line.configure(BLOCK.format('mode = "reference"'))
    line.write("train.py", SCRIPT + READY + "import time\ntime.sleep(600)\n")
    line.run("run", "train", "-detach")
    folder = line.await_ready()
    supervisor = line.supervisor(folder)
    os.kill(supervisor, signal.SIGKILL)
    assert wait_until(lambda: not is_running(supervisor), 15)
    assert line.json("runs", "show")["status"] == "Failed"
    assert (folder / "kept/outputs/deep/model").read_text() == "weights"
    assert "outputs/deep/model" in line.last().outputs


@pytest.mark.parametrize("text", ['mode = "move"', "exclude = 3"])
def test_a_slip_is_refused(line: CommandLine, text: str) -> None:
    line.configure(BLOCK.format(text), apply=False)
    assert line.run("validate", code=10).err
