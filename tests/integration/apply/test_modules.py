"""What one module gives goes into another one, or into another object of the same call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.project import Project

GIVES = """
variable "name" {
  default = "given"
}
locals {
  title = upper(var.name)
}
output "title" {
  value = local.title
}
"""
TAKES = """
variable "title" {}
output "title" {
  value = "${var.title}!"
}
"""
SLOW = """
variable "name" {}
variable "from" {
  default = null
}
bench "thing" "first" {
  name    = "first-${var.name}"
  value   = var.name
  seconds = 0.3
}
bench "thing" "last" {
  name  = "last-${var.name}"
  value = var.from == null ? "nothing" : var.from
}
output "id" {
  value = bench.first.id
}
output "value" {
  value = bench.last.value
}
"""


def outputs(project: Project) -> dict[str, Any]:
    found = json.loads(project.run("output", "-json").out)
    return {name: item["value"] for name, item in found.items()}


def test_what_has_no_resources_goes_from_one_to_the_next(project: Project) -> None:
    project.write("gives/main.hcl", GIVES)
    project.write("takes/main.hcl", TAKES)
    project.hcl(
        """
module "takes" {
  source = "./takes"
  title  = module.gives.title
}
module "each" {
  source   = "./takes"
  for_each = module.many
  title    = each.value.title
}
module "gives" {
  source = "./gives"
}
module "many" {
  source   = "./gives"
  for_each = toset(["a", "b"])
  name     = each.key
}
output "one" {
  value = module.takes.title
}
output "many" {
  value = { for name, module in module.each : name => module.title }
}
"""
    )
    project.run("validate")
    project.apply()
    assert outputs(project) == {"one": "GIVEN!", "many": {"a": "A!", "b": "B!"}}


def test_neighbours_inside_of_a_module_that_is_called_twice(project: Project) -> None:
    project.write("gives/main.hcl", GIVES.replace("local.title", "bench.made.id") + MADE)
    project.write("takes/main.hcl", TAKES + TAKEN)
    project.write(
        "pair/main.hcl",
        """
variable "name" {}
module "gives" {
  source = "../gives"
  name   = var.name
}
module "takes" {
  source = "../takes"
  title  = module.gives.title
}
output "title" {
  value = module.takes.title
}
""",
    )
    project.hcl(
        """
module "pair" {
  source   = "./pair"
  for_each = toset(["x", "y"])
  name     = each.key
}
output "titles" {
  value = { for name, pair in module.pair : name => pair.title }
}
"""
    )
    project.apply()
    made = {name: f'module.pair["{name}"].module.gives.bench.made/1!' for name in "xy"}
    assert outputs(project) == {"titles": made}


MADE = """
bench "thing" "made" {
  name  = "made-${var.name}"
  value = local.title
}
"""
TAKEN = """
bench "thing" "taken" {
  name  = "taken-${replace(var.title, "/[^a-z]/", "")}"
  value = var.title
}
"""


def test_one_object_of_a_call_may_take_what_another_gives(project: Project) -> None:
    project.write("stage/main.hcl", SLOW)
    project.hcl(
        """
module "stage" {
  source   = "./stage"
  for_each = toset(["dev", "prod"])
  name     = each.key
  from     = each.key == "prod" ? module.stage["dev"].id : null
}
output "values" {
  value = { for name, stage in module.stage : name => stage.value }
}
"""
    )
    project.apply()
    first = 'module.stage["dev"].bench.first/1'
    assert outputs(project) == {"values": {"dev": "nothing", "prod": first}}
    project.run("destroy", "-auto-approve")
