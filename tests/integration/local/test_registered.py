"""A model goes from one workspace to another by `registered`, locked and with its lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.project import Project

if TYPE_CHECKING:
    from pathlib import Path

DEV = """
workspace "dev" {
  history {
    path = "history"
  }
}

model "ridge" {
  source = "model.bin"

  aliases = {
    candidate = "latest"
  }
}
"""
PROD = """
workspace "prod" {
  default = true
}

workspace "dev" {
  attach = true

  history {
    path = "../project/history"
  }
}

model "ridge" {
  registered {
    workspace = workspace.dev
    name      = "ridge"
    alias     = "candidate"
  }
}

output "version" {
  value = model.ridge.id
}
"""


@pytest.fixture
def dev(project: Project) -> Project:
    project.hcl(DEV)
    project.write("model.bin", "one")
    project.apply()
    return project


@pytest.fixture
def prod(dev: Project, tmp_path: Path) -> Project:
    (tmp_path / "prod").mkdir()
    prod = Project(tmp_path / "prod", dev.world, dev.environment)
    prod.hcl(PROD)
    return prod


def test_a_version_is_locked_before_it_is_taken(prod: Project) -> None:
    deferred = prod.run("plan").out
    assert "model.ridge: dev/ridge:1 is there and not locked yet" in deferred
    assert "next: amlplan lock" in deferred
    prod.run("lock")
    prod.apply()
    assert "dev" not in prod.run("state", "list").out


def test_a_newer_version_is_pointed_out_and_taken_on_demand(dev: Project, prod: Project) -> None:
    prod.run("lock")
    prod.apply()
    dev.write("model.bin", "two")
    dev.apply()
    noted = prod.run("plan", "-detailed-exitcode", code=0).out
    assert "dev/ridge:2 is meant now, and version 1 is locked" in noted
    assert "amlplan lock -upgrade model.ridge" in noted
    prod.run("lock", "-upgrade", "model.ridge")
    planned = prod.run("plan", "-detailed-exitcode", code=2).out
    assert "v1 -> v2" in planned
    prod.apply()
    assert prod.run("output", "-raw", "version").out.strip() == "ridge:2"


def test_what_was_taken_stays_when_the_other_workspace_goes(dev: Project, prod: Project) -> None:
    prod.run("lock")
    prod.apply()
    dev.run("destroy", "-auto-approve")
    gone = prod.run("plan", code=10).err
    assert "There is no workspace dev to attach" in gone
    assert "No drift" in prod.run("drift").out


def test_what_is_managed_here_cannot_be_attached_too(dev: Project) -> None:
    dev.hcl(DEV.replace('workspace "dev" {', 'workspace "dev" {\n  attach = true'))
    assert "This state manages it already" in dev.run("plan", code=10).err


def test_an_unknown_block_is_not_upgraded(prod: Project) -> None:
    slip = prod.run("lock", "-upgrade", "model.rigde", code=1).err
    assert 'There is no block model.rigde in the configuration. Did you mean "model.ridge"?' in slip


def test_a_check_writes_nothing(prod: Project) -> None:
    assert "not up to date" in prod.run("lock", "-check", code=10).out
    assert not (prod.root / "amlplan.lock").exists()
    prod.run("lock")
    assert "has everything" in prod.run("lock", "-check").out
