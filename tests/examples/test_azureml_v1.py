"""The project of 2018 in examples/ runs unchanged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project import Project

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "azureml-v1"


@pytest.fixture
def line(project: Project, tmp_path: Path) -> Iterator[CommandLine]:
    shutil.copytree(EXAMPLE, project.root, dirs_exist_ok=True)
    found = CommandLine(project, tmp_path)
    yield found
    found.end_all()


def test_its_files_and_its_script_run_as_they_are(line: CommandLine) -> None:
    before = {path: path.read_bytes() for path in line.root.rglob("*") if path.is_file()}
    local = line.run("run", "local")
    assert "best {'penalty': 0.0" in local.out
    run = line.last()
    assert run.summary.history == "fraud-line"
    assert run.metrics["mse"].count == 3
    assert run.tags["team"] == "fraud"
    assert set(run.outputs) == {"outputs/line.json"}
    docker = line.run("run", "docker", "--", "--points", "80").out
    assert "aml_config/docker.runconfig:22: environment.docker.enabled is not used" in docker
    assert {path: path.read_bytes() for path in before} == before


def test_it_is_shown_and_attached(line: CommandLine) -> None:
    shown = json.loads(line.run("show", "aml_config/local.runconfig", "-json").out)
    assert shown["run_config"]["history"] == "fraud-line"
    text = (line.root / "aml_config/local.runconfig").read_text()
    assert line.run("show", "aml_config/local.runconfig", "-runconfig").out == text
    line.run("project", "attach", "-history=line-2")
    assert "line-2 (aml_config/project.json)" in line.run("project", "show").out
