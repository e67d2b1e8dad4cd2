"""Labelled blocks, lists of references, and blocks that only commands read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project

WORKSPACE = 'workspace "main" {}\ncompute "local" "here" {}\n'


def run_config(body: str) -> str:
    return f'{WORKSPACE}run_config "train" {{\n  script = "train.py"\n{body}}}\n'


def errors(project: Project, hcl: str) -> str:
    project.hcl(hcl)
    return project.run("validate", code=10).err


def test_a_run_config_is_checked_and_never_planned(project: Project) -> None:
    body = '  target = compute.here\n  input "a" {\n    path = "data"\n  }\n'
    project.hcl(run_config(body))
    assert "run_config" not in project.apply().out
    assert "run_config" not in project.run("state", "list").out


def test_others_may_refer_to_a_run_config(project: Project) -> None:
    hcl = run_config("") + 'output "script" {\n  value = run_config.train.script\n}\n'
    project.hcl(hcl)
    project.apply()
    assert project.run("output", "-raw", "script").out.strip() == "train.py"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('  input {\n    path = "data"\n  }\n', "takes one label"),
        ('  input "a" "b" {\n    path = "data"\n  }\n', "takes one label"),
        ('  resources "a" {\n    cpus = 1\n  }\n', "takes no label"),
        ('  input "a" {\n    path = "x"\n  }\n  input "a" {\n    path = "y"\n  }\n', "once"),
        ('  input "a" {\n    pth = "data"\n  }\n', 'Did you mean "path"?'),
        ('  input "a" {}\n', 'The argument "path" is required'),
        ("  input = {}\n", 'as in: input "name" { … }'),
        ("  target = workspace.main\n", "takes a compute block"),
        ('  command = ["true"]\n', "exactly one of script and command"),
        ('  max_run_duration = "soon"\n', "is not a duration"),
        ('  history = "two words"\n', "does not match"),
    ],
)
def test_a_slip_is_told_where_it_is(project: Project, body: str, says: str) -> None:
    text = errors(project, run_config(body))
    assert says in text
    assert "main.hcl line" in text
    assert text.count("Error:") == 1


def test_an_input_below_another_is_where_it_was_written(project: Project) -> None:
    body = '  input "a" {\n    path = "data"\n  }\n  input "b" {\n    path = 7 / 0\n  }\n'
    assert "on main.hcl line 9" in errors(project, run_config(body))


def test_a_block_of_another_workspace_is_refused(project: Project) -> None:
    hcl = (
        'workspace "one" {\n  default = true\n}\nworkspace "two" {}\ncompute "local" "here" {}\n'
        'run_config "train" {\n  workspace = workspace.two\n  script = "x.py"\n'
        "  target = compute.here\n}\n"
    )
    text = errors(project, hcl)
    assert "compute.here belongs to workspace.one, and run_config.train to workspace.two" in text
    assert "on main.hcl line 9" in text
