"""What objects are called outside where their block does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.project import Project


def test_names_follow_the_rule_of_their_kind(project: Project) -> None:
    project.write("model.txt", "weights")
    project.hcl("""
workspace "main" {}
datastore "local" "raw" {
  for_each          = toset(["eu", "us"])
  path              = "data/${each.key}"
  create_if_missing = true
}
model "ridge" {
  count  = 2
  source = "model.txt"
}
output "names" {
  value = concat([for store in datastore.raw : store.name], model.ridge[*].name)
}
""")
    applied = project.apply().out
    for name in ("raw_eu", "raw_us", "ridge-0", "ridge-1"):
        assert f'"{name}"' in applied
