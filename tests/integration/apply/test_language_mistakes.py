"""What a review of the language found, each as it must be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project

MODULE = """
variable "v" {}
bench "thing" "i" {
  value = var.v
}
output "id" {
  value = bench.i.id
}
"""


def test_a_replacement_takes_what_was_ignored_from_the_configuration(project: Project) -> None:
    text = """
bench "thing" "a" {{
  value = "{value}"
  shape = "{shape}"
  lifecycle {{
    ignore_changes = [value]
  }}
}}
"""
    project.hcl(text.format(value="one", shape="round"))
    project.apply()
    project.hcl(text.format(value="two", shape="round"))
    assert "No changes." in project.run("plan").out
    project.hcl(text.format(value="two", shape="flat"))
    assert '"one" -> "two"' in project.run("plan").out
    project.apply()


def test_what_moved_is_replaced_by_its_new_name(project: Project) -> None:
    project.hcl('bench "thing" "a" {}\n')
    project.apply()
    moved = "moved {\n  from = bench.a\n  to   = bench.b\n}\n"
    project.hcl(f'bench "thing" "b" {{}}\n{moved}')
    project.apply()
    project.hcl(f'bench "thing" "b" {{\n  shape = "flat"\n}}\n{moved}')
    project.apply()
    assert '"name": "b"' in project.run("show", "-json").out


def test_a_sensitive_element_of_a_dynamic_block_stays_so(project: Project) -> None:
    project.hcl("""
variable "secret" {
  sensitive = true
  default   = ["history-S3CRET"]
}
workspace "main" {
  dynamic "history" {
    for_each = var.secret
    content {
      path = history.value
    }
  }
}
""")
    for command in (["plan"], ["apply", "-auto-approve"]):
        refused = project.run(*command, code=10)
        assert "S3CRET" not in refused.all
        assert "Sensitive value refused" in refused.err


def test_only_what_changes_outside_triggers_a_replacement(project: Project) -> None:
    text = """
bench "thing" "a" {{
  for_each = {{ x = "{x}", y = "1" }}
  value    = each.value
  tags     = {{ note = "{note}" }}
}}
bench "thing" "b" {{
  for_each = bench.a
  value    = "fixed"
  lifecycle {{
    replace_triggered_by = [bench.a[each.key]]
  }}
}}
"""
    project.hcl(text.format(x="1", note="1"))
    project.apply()
    project.hcl(text.format(x="1", note="2"))
    assert "must be replaced" not in project.run("plan").out
    project.apply()
    project.hcl(text.format(x="2", note="2"))
    planned = project.run("plan").out
    assert 'bench.b["x"] must be replaced' in planned
    assert 'bench.b["y"]' not in planned
    project.apply()


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("replace_triggered_by = [var.v]", "takes a list of blocks"),
        ("replace_triggered_by = [bench.a.nosuch]", 'names "nosuch"'),
        ('replace_triggered_by = [bench.a["x"]]', "There is no bench.a"),
        ("replace_triggered_by = null", "takes a list of blocks"),
        ("ignore_changes = [vaule]", 'Did you mean "value"?'),
        ("ignore_changes = [id]", "there is no such argument"),
        ('ignore_changes = ["valu"]', 'Did you mean "value"?'),
        ("enabled = [true]", "must be true or false"),
        ("prevent_destroy = {}", "must be true or false"),
    ],
)
def test_what_a_lifecycle_block_does_not_take(project: Project, argument: str, said: str) -> None:
    project.hcl(
        'variable "v" {\n  default = "1"\n}\nbench "thing" "a" {}\n'
        f'bench "thing" "b" {{\n  lifecycle {{\n    {argument}\n  }}\n}}\n'
    )
    assert said in project.run("plan", code=10).err


def test_ignored_fields_beside_a_secret_and_drift_settle(project: Project) -> None:
    text = """
bench "thing" "a" {{
  options = {{ s = env_secret("TOKEN"), a = "{a}", b = "{b}" }}
  lifecycle {{
    ignore_changes = [options["b"]]
  }}
}}
"""
    project.environment["TOKEN"] = "hidden-value"
    project.hcl(text.format(a="1", b="1"))
    project.apply()
    project.hcl(text.format(a="2", b="2"))
    project.apply()
    [record] = json.loads(project.run("show", "-json").out)["values"]["root_module"]["resources"]
    assert record["values"]["options"] == {"s": None, "a": "2", "b": "1"}


def test_destroy_keeps_what_the_configuration_protects(project: Project) -> None:
    project.hcl('bench "thing" "a" {}\n')
    project.apply()
    project.hcl('bench "thing" "a" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n')
    assert "prevent_destroy protects it" in project.run("destroy", "-auto-approve", code=12).out


def test_what_is_protected_may_be_let_go_of(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n')
    project.apply()
    removed = "removed {\n  from = bench.a\n  lifecycle {\n    destroy = false\n  }\n}\n"
    project.hcl(f'bench "thing" "z" {{}}\n{removed}')
    project.apply()
    assert project.run("state", "list").out == "bench.z\n"


def test_a_module_sees_nothing_of_its_caller(project: Project) -> None:
    project.hcl('locals {\n  most = 1\n}\nmodule "m" {\n  source = "./m"\n  y      = 5\n}\n')
    project.write(
        "m/main.hcl",
        'variable "y" {\n  validation {\n    condition     = var.y < local.most\n'
        '    error_message = "Too big."\n  }\n}\n',
    )
    refused = project.run("plan", code=10).err
    assert "Too big" not in refused
    assert 'Nothing named "local"' in refused


def test_conditions_of_what_stays_are_looked_at_after_an_apply(project: Project) -> None:
    text = """
bench "thing" "a" {{
  value = "{value}"
}}
bench "thing" "b" {{
  lifecycle {{
    precondition {{
      condition     = bench.a.echo != "bad"
      error_message = "It is bad."
    }}
  }}
}}
"""
    project.hcl(text.format(value="good"))
    project.apply()
    project.hcl(text.format(value="bad"))
    assert "It is bad." in project.run("apply", "-auto-approve", code=12).err


@pytest.mark.parametrize("condition", ["[]", "{}", "1", "null"])
def test_a_condition_of_any_type_is_a_mistake_and_no_crash(
    project: Project, condition: str
) -> None:
    project.hcl(
        f'check "c" {{\n  assert {{\n    condition     = {condition}\n'
        '    error_message = "No."\n  }\n  severity = ["x"]\n}\nworkspace "main" {}\n'
    )
    refused = project.run("plan", code=10).err
    assert "true or false" in refused or "severity" in refused
    assert "Traceback" not in refused


@pytest.mark.parametrize("count", ["1000000000", "-1", "1.5", '"x"'])
def test_a_count_that_is_none(project: Project, count: str) -> None:
    project.hcl(f'bench "thing" "a" {{\n  count = {count}\n}}\n')
    assert "whole number from 0 to 100,000" in project.run("plan", code=10).err


def test_one_mistake_is_told_once(project: Project) -> None:
    project.hcl("""
variable "keys" {
  type    = set(string)
  default = 5
}
bench "thing" "a" {
  for_each = ["x"]
}
bench "thing" "b" {
  for_each = bench.a
}
bench "thing" "c" {
  for_each = var.keys
}
bench "thing" "d" {
  count = 3
  value = [].x
}
""")
    errors = [line for line in project.run("plan", code=10).err.splitlines() if "Error:" in line]
    assert len(errors) == 3, errors


def test_a_variable_without_a_value_does_not_fail_validation(project: Project) -> None:
    project.hcl('variable "keys" {}\nbench "thing" "a" {\n  for_each = var.keys\n}\n')
    project.run("validate")


def test_a_moved_object_that_is_configured_still_is_a_mistake(project: Project) -> None:
    keyed = 'bench "thing" "a" {{\n  for_each = toset([{keys}])\n}}\n'
    project.hcl(keyed.format(keys='"x"'))
    project.apply()
    moved = 'moved {\n  from = bench.a["x"]\n  to   = bench.a["y"]\n}\n'
    project.hcl(keyed.format(keys='"x", "y"') + moved)
    assert "the configuration still has it" in project.run("plan", code=10).err


def test_module_outputs_reach_neighbours(project: Project) -> None:
    project.hcl(
        'module "m0" {\n  source = "./m"\n  v = "x"\n}\n'
        'module "m1" {\n  source = "./n"\n  v = module.m0.id\n}\n'
    )
    project.write("m/main.hcl", MODULE)
    project.write("n/main.hcl", MODULE.replace('"i"', '"j"').replace("bench.i", "bench.j"))
    project.apply()
    project.run("destroy", "-auto-approve")
