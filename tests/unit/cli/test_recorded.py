"""Records are found by address, label or name, and never by luck."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.cli.recorded import recorded
from amlplan.errors import PlanError

if TYPE_CHECKING:
    from harness.project import Project

MODULE = """
variable "name" {}
workspace "main" {
  name = var.name
}
datastore "local" "raw" {
  path              = "data"
  create_if_missing = true
}
"""
CONFIGURATION = """
module "team" {
  source   = "./team"
  for_each = toset(["blue", "red"])
  name     = "team-${each.key}"
}
workspace "single" {}
"""


def test_records_of_modules(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.hcl(CONFIGURATION)
    project.write("team/main.hcl", MODULE)
    project.apply()
    monkeypatch.chdir(project.root)
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    blue = 'module.team["blue"].workspace.main'
    assert recorded("workspace", blue).address == blue
    assert recorded("workspace", "team-blue").address == blue
    for name in ("single", "workspace.single"):
        assert recorded("workspace", name).address == "workspace.single"
    with pytest.raises(PlanError, match="Several are called raw") as failure:
        recorded("datastore", "raw")
    assert 'module.team["red"].datastore.raw' in failure.value.detail
    with pytest.raises(PlanError, match=r"no workspace\.singel"):
        recorded("workspace", "singel")
