"""`amlplan init` keeps out of git what must not be committed: the state wherever it is, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project

ALWAYS = [".amlplan/", "connections.amlvars", "connections.amlvars.json", "*.plan"]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        (None, "amlplan.state.json*"),
        ("${var.team}.json", "vision.json*"),
        ("kept/a[1].json", "kept/a\\[1].json*"),
        ("../elsewhere.json", None),
    ],
)
def test_the_state_is_kept_out_of_git(
    project: Project, path: str | None, pattern: str | None
) -> None:
    setting = "" if path is None else f'state "local" {{\n  path = "{path}"\n}}'
    project.hcl(f'variable "team" {{\n  default = "vision"\n}}\namlplan {{\n{setting}\n}}\n')
    for _ in range(2):
        project.run("init")
        lines = (project.root / ".gitignore").read_text().splitlines()
        assert lines == [*([] if pattern is None else [pattern]), *ALWAYS]
