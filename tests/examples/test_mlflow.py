"""`examples/mlflow` runs as it is, with MLflow's newest client."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from command_line import CommandLine
from harness.project import SOURCES
from mlflow_clients import client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.project import Project

EXAMPLE = SOURCES / "examples" / "mlflow"


@pytest.fixture
def line(project: Project, tmp_path: Path) -> Iterator[CommandLine]:
    found = CommandLine(project, tmp_path)
    yield found
    found.end_all()


@pytest.mark.slow
def test_a_script_for_another_server_is_recorded_here(
    line: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    programs = client("newest", tmp_path_factory)
    shutil.copytree(EXAMPLE, line.root, dirs_exist_ok=True)

    printed = line.run("run", "train.py", environment={"PATH": f"{programs}:{os.environ['PATH']}"})

    detail = line.last()
    assert "set_tracking_uri (http://localhost:5000) is not followed" in printed.all
    assert "best alpha: 0.3" in printed.all
    assert detail.parameters["best_alpha"] == "0.3"
    assert detail.metrics["best_test_r2"].last.value == pytest.approx(0.44, abs=0.1)
    assert sorted(child.name for child in detail.children) == ["alpha 0.03", "alpha 0.3", "alpha 3"]
    assert detail.tags["mlflow.experiment"] == "diabetes"
    (model,) = line.json("model", "list")["models"]
    assert model["name"] == "diabetes"
