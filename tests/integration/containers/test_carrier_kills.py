"""A carrier is killed at every one of its calls to the engine, and nothing is left after that."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from amlplan_docker.carrying.task import NAME

if TYPE_CHECKING:
    from pathlib import Path

    from container_workbench import ContainerRuns

KILLED = 137
CARRIER = """
import os, sys
from pathlib import Path
from amlplan_docker.engine.calls import Calls
from amlplan_docker.carrying.carry import carry

left = int(sys.argv[2])

def counted(inner):
    def call(*arguments, **named):
        global left
        left -= 1
        if left == 0:
            os._exit(137)
        return inner(*arguments, **named)
    return call

Calls.call, Calls.request = counted(Calls.call), counted(Calls.request)
os._exit(carry(Path(sys.argv[1]), {"AMLPLAN_RUN_ATTEMPT": "1"}))
"""


@pytest.mark.slow
def test_nothing_is_left_of_a_carrier_that_is_killed_anywhere(
    boxed: ContainerRuns, tmp_path: Path
) -> None:
    boxed.script("open('outputs/made', 'w').close()\n")
    boxed.run("run", "train")
    (run,) = boxed.folders()
    task = json.loads((run / NAME).read_text())
    kills = 0
    while True:
        folder = tmp_path / "again" / str(kills)
        (folder / "work" / "outputs").mkdir(parents=True)
        (folder / "work" / "train.py").write_text("open('outputs/made', 'w').close()\n")
        (folder / "events").mkdir()
        (folder / "events" / "supervisor.jsonl").touch()
        (folder / NAME).write_text(json.dumps(task))
        carrier = [sys.executable, "-c", CARRIER, str(folder), str(kills + 1)]
        code = subprocess.run(carrier, check=False, stdout=subprocess.DEVNULL).returncode
        finish = [sys.executable, "-I", "-m", "amlplan_docker.carrying", str(folder), "finish"]
        finished = subprocess.run(finish, check=False, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr
        assert boxed.containers == [], f"after {kills} calls"
        if code != KILLED:
            break
        kills += 1
        shutil.rmtree(folder)
    assert code == 0
    assert (folder / "work" / "outputs" / "made").exists()
    assert kills > 6
