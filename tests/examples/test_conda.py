"""`examples/conda` plans from its lock, and runs in an environment of its conda file."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from amlplan_local.conda_command import find_conda
from harness.project import SOURCES
from interpreters import interpreter

if TYPE_CHECKING:
    from harness.project import Project

EXAMPLE = SOURCES / "examples" / "conda"


@pytest.fixture
def example(project: Project) -> Project:
    shutil.copytree(EXAMPLE, project.root, dirs_exist_ok=True)
    return project


def test_its_plan_tells_what_each_line_is(example: Project) -> None:
    planned = example.run("plan").out
    assert '"msgpack-python=1.1" = "msgpack==1.1.*"' in planned
    assert 'azureml-defaults     = "left out: ' in planned
    assert "Plan: 3 to add, 0 to change, 0 to destroy." in planned
    assert "has everything" in example.run("lock", "-check").out


@pytest.mark.slow
@pytest.mark.skipif(find_conda() is not None, reason="conda is here, and builds it otherwise")
def test_it_runs(example: Project) -> None:
    if interpreter("3.11") is None:
        pytest.skip("Python 3.11 is not on this machine")
    example.run("apply", "-auto-approve")
    built = example.run("environment", "build", "curve", code=None)
    if built.code and "index" in built.err:
        pytest.skip(f"the package index cannot be reached: {built.err}")
    done = subprocess.run(
        example.command("run", "train", "-p", "degree=5", "-json"),
        cwd=example.root,
        env=example.process_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert run["metrics"]["rmse"]["value"] < 0.15
    assert list(run["outputs"]) == ["outputs/model.msgpack"]
