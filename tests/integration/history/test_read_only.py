"""Runs of a workspace that this user may only read."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from small_disk import small_disk

if TYPE_CHECKING:
    from harness.project import Project

HCL = """
workspace "main" {
  history {
    path = "workspace"
  }
}
"""


def test_runs_of_a_workspace_that_may_only_be_read_are_shown_with_a_note(project: Project) -> None:
    project.hcl(HCL)
    project.write("train.py", "print('trained')\n")
    with small_disk(project.root / "workspace", "20m") as disk:
        project.run("apply", "-auto-approve")
        subprocess.run(
            project.command("run", "train.py"),
            cwd=project.root,
            env=project.process_environment(),
            capture_output=True,
            check=True,
        )
        assert "may only be read" not in project.run("runs", "list").err
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for command in (["runs", "list"], ["runs", "show"], ["runs", "logs"], ["history", "list"]):
            shown = project.run(*command)
            assert "train" in shown.out
            assert "may only be read here" in shown.err
