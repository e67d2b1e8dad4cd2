"""`amlplan init -with=…`: each starting project is valid, and is what its comments say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from amlplan.cli.starting import PROJECTS

if TYPE_CHECKING:
    from harness.project import Project


@pytest.mark.parametrize("name", ["quickstart", "deployment"])
def test_a_starting_project_trains_and_applies(project: Project, name: str) -> None:
    (project.root / ".gitignore").write_text("mine\n")
    project.run("init", f"-with={name}")
    assert (project.root / ".gitignore").read_text().startswith("mine\n")
    assert all((project.root / file).is_file() for file in PROJECTS[name])
    project.run("validate")
    assert "Plan: 4 to add, 0 to change, 0 to destroy." in project.run("plan").out
    try:
        project.run("apply", "-auto-approve")
        project.run("run", "train")
        project.run("apply", "-auto-approve", "-update-lock")
        project.apply()
        assert json.loads(project.run("output", "-json").out)["model"]["value"] == "line:1"
        if name == "deployment":
            asked = project.run("deployment", "score", "prod", "-request=sample-request.json")
            low, _, high = json.loads(asked.out)
            assert low < high
    finally:
        project.run("destroy", "-auto-approve")


def test_nothing_is_overwritten(project: Project) -> None:
    mine = project.write("main.hcl", "mine\n")
    told = project.run("init", "-with=quickstart", code=1).err
    assert "holds main.hcl." in told
    assert mine.read_text() == "mine\n"
    assert [path.name for path in project.root.iterdir()] == ["main.hcl"]


def test_the_python_is_one_that_is_there(project: Project) -> None:
    project.run("init", "-with=quickstart")
    assert "PYTHON_VERSION" not in (project.root / "main.hcl").read_text()


def test_another_name_is_refused(project: Project) -> None:
    assert "quickstart" in project.run("init", "-with=nothing", code=1).err
    assert not list(project.root.iterdir())
