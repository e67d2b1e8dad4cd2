"""Moving blocks of real kinds makes nothing anew, and an apply that is killed loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project

BEFORE = """
workspace "main" {}
datastore "local" "raw" {
  path              = "data"
  create_if_missing = true
}
model "ridge" {
  source = "model.txt"
}
"""
AFTER = """
module "store" {
  source = "./store"
}
model "chosen" {
  source    = "model.txt"
  workspace = module.store.workspace
}
moved {
  from = workspace.main
  to   = module.store.workspace.root
}
moved {
  from = datastore.raw
  to   = module.store.datastore.raw
}
moved {
  from = model.ridge
  to   = model.chosen
}
"""
STORE = """
workspace "root" {}
datastore "local" "raw" {
  path              = "data"
  create_if_missing = true
}
output "workspace" {
  value = workspace.root
}
"""


@pytest.fixture
def moved(project: Project) -> Project:
    """A project that was applied before its blocks were moved."""
    project.write("model.txt", "weights")
    project.hcl(BEFORE)
    project.apply()
    project.hcl(AFTER)
    project.write("store/main.hcl", STORE)
    return project


def test_blocks_that_move_change_nothing_outside(moved: Project) -> None:
    before = sorted(path for path in moved.data.rglob("*") if "journal" not in path.name)
    planned = moved.run("plan", "-detailed-exitcode", code=2).out
    assert "workspace.main has moved to module.store.workspace.root" in planned
    assert "Plan: 0 to add, 0 to change, 0 to destroy." in planned
    applied = moved.apply()
    assert "0 added, 0 changed, 0 destroyed" in applied.out
    assert sorted(path for path in moved.data.rglob("*") if "journal" not in path.name) == before
    assert moved.run("state", "list").out.split() == [
        "model.chosen",
        "module.store.datastore.raw",
        "module.store.workspace.root",
    ]
    moved.run("drift")
    assert "has moved" not in moved.run("plan").out
    moved.run("destroy", "-auto-approve")
    assert moved.run("state", "list").out == ""


def test_a_saved_plan_moves_too(moved: Project) -> None:
    moved.run("plan", "-out=it.plan")
    moved.run("apply", "it.plan")
    assert "No changes." in moved.run("plan").out


def test_what_moved_may_be_destroyed_in_the_same_breath(moved: Project) -> None:
    assert "3 destroyed" in moved.run("destroy", "-auto-approve").out
    assert moved.run("state", "list").out == ""


def test_a_name_that_was_never_given_stays(moved: Project) -> None:
    moved.apply()
    assert '"name": "main"' in moved.run("show", "-json").out
    moved.write("store/main.hcl", STORE.replace('"root" {}', '"root" {\nname = "other"\n}'))
    assert "forces replacement" in moved.run("plan").out
