"""The scripts in `examples/azureml`, unchanged, under this Python and the older ones there are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import CommandLine
from harness.project import SOURCES
from interpreters import VERSIONS, interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project import Project

EXAMPLE = SOURCES / "examples" / "azureml"
OLDER = [version for version in VERSIONS if int(version[2:]) < 11]


@pytest.fixture
def line(project: Project, tmp_path: Path) -> Iterator[CommandLine]:
    found = CommandLine(project, tmp_path)
    shutil.copytree(EXAMPLE, found.root, dirs_exist_ok=True)
    yield found
    found.end_all()


def run(line: CommandLine, script: str, python: str = "") -> dict[str, object]:
    """What `runs show` tells of a script that ran to its end without a complaint."""
    path = f"{Path(python).parent}:" if python else ""
    environment = {"PATH": path + line.environment["PATH"]}
    result = line.run("run", script, environment=environment)
    assert "amlplan_run:" not in result.all
    shown: dict[str, object] = line.json("runs", "show", "latest")
    assert shown["status"] == "Completed"
    return shown


def check_sweep(line: CommandLine, python: str = "") -> None:
    run(line, "sweep.py", python)
    last = line.history.run("latest")
    assert last.metrics["best_mse"].count == 1
    assert last.metrics["mse"].count == last.metrics["alpha"].count == 6
    assert (last.tags, list(last.outputs)) == ({"best_alpha": "0.5"}, ["outputs/ridge.json"])


def check_folds(line: CommandLine, python: str = "") -> None:
    run(line, "folds.py", python)
    last = line.history.run("latest")
    children = [line.history.run(f"{last.summary.id}.{fold + 1}") for fold in range(5)]
    assert [child.summary.name for child in children] == [f"fold {fold}" for fold in range(5)]
    assert {child.summary.status for child in children} == {"Completed"}
    accuracies = [child.metrics["accuracy"].last.value for child in children]
    assert all(isinstance(each, float) and each > 0.5 for each in accuracies)
    assert last.metrics["accuracy"].count == 1


def check_epochs(line: CommandLine, python: str = "") -> None:
    run(line, "epochs.py", python)
    last = line.history.run("latest")
    assert last.metrics["train_loss"].count == 200
    assert last.metrics["accuracy"].count == 5
    assert "outputs/checkpoints/4.json" in last.outputs
    assert "outputs/metrics/confusion.json" in last.outputs


def test_a_sweep_registers_its_best_model(line: CommandLine) -> None:
    check_sweep(line)


def test_a_parent_has_five_children(line: CommandLine) -> None:
    check_folds(line)


def test_a_training_loop_logs_each_step(line: CommandLine) -> None:
    check_epochs(line)


@pytest.mark.slow
@pytest.mark.parametrize("version", OLDER)
def test_all_of_them_under_each_older_python(version: str, line: CommandLine) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    check_sweep(line, python)
    check_folds(line, python)
    check_epochs(line, python)
    program = line.last().definition["program"]
    assert isinstance(program, list)
    assert Path(program[0]).parent == Path(python).parent
