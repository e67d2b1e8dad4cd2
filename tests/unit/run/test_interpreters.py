"""What records user code runs under every Python that training scripts use."""

from __future__ import annotations

import ast
import subprocess
from typing import TYPE_CHECKING

import pytest

from interpreters import VERSIONS, interpreter
from run_workbench import PACKAGES, RUN

if TYPE_CHECKING:
    from pathlib import Path

    from run_workbench import Script

MODULES = sorted((PACKAGES / "amlplan_run").rglob("*.py"))
# Warnings are off: the fork may still see a thread that has ended, of which Python 3.12 warns.
EVERYTHING = """
import os, threading
import amlplan_run

amlplan_run.log("mse", 0.5)
amlplan_run.log("mse", float("nan"), step=1)
amlplan_run.log("on", True)
amlplan_run.log_list("weights", (weight for weight in (1, float("-inf"))))
amlplan_run.log_row("folds", fold=1, mse=0.25)
amlplan_run.log_table("confusion", {"yes": [1, 2], "no": range(2)})
amlplan_run.tag("stage", "try")
amlplan_run.set_tags({"a": 1, "b": None})
amlplan_run.add_properties({"commit": "abc"})
with open("notes.txt", "w") as file:
    file.write("kept")
amlplan_run.artifact("notes.txt")
run = amlplan_run.current()
with amlplan_run.child_run("inner") as child:
    amlplan_run.log("depth", 1)
    assert amlplan_run.current() is child and child.parent == run.id
    thread = threading.Thread(target=amlplan_run.log, args=("thread", 1))
    thread.start()
    thread.join()
    if os.fork() == 0:
        amlplan_run.log("fork", os.getpid())
        os._exit(0)
    assert os.wait()[1] == 0
assert amlplan_run.current() is run
assert amlplan_run.input("train") == "/data/train.csv"
"""


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.name))
def test_the_grammar_is_that_of_python_3_6(module: Path) -> None:
    ast.parse(module.read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_is_recorded_under_every_python(version: str, script: Script) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    done = script.run(
        EVERYTHING, python=python, AMLPLAN_INPUT_TRAIN="/data/train.csv", PYTHONWARNINGS="ignore"
    )
    assert (done.stdout, done.stderr) == ("", "")
    own = [event for event in script.events() if "run" not in event]
    shown = [(e["type"], e.get("name"), e.get("value", e.get("values"))) for e in own]
    assert sorted(shown, key=repr) == sorted(
        [
            ("metric", "mse", 0.5),
            ("metric", "mse", "NaN"),
            ("metric", "on", True),
            ("metric", "thread", 1),
            ("list", "weights", [1, {"special": "-Infinity"}]),
            ("row", "folds", {"fold": 1, "mse": 0.25}),
            ("table", "confusion", {"yes": [1, 2], "no": [0, 1]}),
            ("tag", "stage", "try"),
            ("tag", "a", "1"),
            ("tag", "b", None),
            ("property", "commit", "abc"),
            ("artifact", None, None),
        ],
        key=repr,
    )
    child = [event for event in script.events() if event.get("run") == f"{RUN}.1"]
    assert {e["type"] for e in child} == {"run", "status", "metric"}
    assert [e["status"] for e in child if e["type"] == "status"] == ["Running", "Completed"]
    assert {e["name"] for e in child if e["type"] == "metric"} == {"depth", "fork"}
    assert (script.work / "outputs" / "notes.txt").read_text() == "kept"


@pytest.mark.parametrize("version", VERSIONS)
def test_importing_it_imports_nothing_slow(version: str) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    code = "import sys, amlplan_run; print(*sys.modules)"
    done = subprocess.run(
        [python, "-c", code],
        env={"PYTHONPATH": str(PACKAGES), "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    slow = {"typing", "logging", "shutil", "subprocess", "pathlib", "asyncio", "socket", "inspect"}
    bare = subprocess.run(
        [python, "-c", "import sys; print(*sys.modules)"],
        env={},
        check=True,
        capture_output=True,
        text=True,
    )
    assert not set(done.stdout.split()) & slow - set(bare.stdout.split())
