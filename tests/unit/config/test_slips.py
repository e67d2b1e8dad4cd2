"""Slips that an earlier version let pass, or reported twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project


def errors(project: Project, hcl: str, *arguments: str) -> list[str]:
    project.hcl(hcl)
    text = project.run("plan", *arguments, code=10).err
    return [line for line in text.splitlines() if line.startswith("Error:")]


def test_a_misspelt_argument_with_an_unknown_value_is_one_mistake(project: Project) -> None:
    hcl = 'bench "thing" "a" {}\nbench "thing" "b" {\n  valeu = bench.a.id\n}\n'
    assert errors(project, hcl) == ["Error: Unsupported argument"]
    assert errors(project, hcl.replace("bench.a.id", "null")) == ["Error: Unsupported argument"]


@pytest.mark.parametrize("value", ['["bench.a"]', "3", "[bench.a.id]", "bench.a"])
def test_depends_on_takes_blocks_only(project: Project, value: str) -> None:
    hcl = f'bench "thing" "a" {{}}\nbench "thing" "b" {{\n  depends_on = {value}\n}}\n'
    assert errors(project, hcl) == ["Error: Invalid depends_on"]


def test_cycles_that_share_a_node_are_one_mistake(project: Project) -> None:
    hcl = """
bench "thing" "a" {
  value = "${bench.b.id}${bench.c.id}"
}
bench "thing" "b" {
  value = bench.a.id
}
bench "thing" "c" {
  value = bench.a.id
}
"""
    assert errors(project, hcl) == ["Error: Cycle in the configuration"]


def test_a_sensitive_variable_is_never_shown(project: Project) -> None:
    project.hcl('variable "n" {\n  type = number\n  sensitive = true\n}\n')
    project.write("amlplan.amlvars", 'n = "hunter2secret"\n')
    assert "hunter2secret" not in project.run("plan", code=10).all
    (project.root / "amlplan.amlvars").unlink()
    assert "hunter2secret" not in project.run("plan", "-var=n=hunter2secret", code=10).all


def test_no_number_is_nan(project: Project) -> None:
    hcl = 'bench "thing" "a" {\n  seconds = "nan"\n}\n'
    assert errors(project, hcl) == ["Error: Invalid value for an argument"]


def test_null_is_as_good_as_left_out(project: Project) -> None:
    project.hcl(
        'workspace "main" {}\n'
        'compute "local" "here" {\n  workspace = null\n  description = null\n}\n'
    )
    project.run("plan")


def test_a_variable_that_may_not_be_null_takes_its_default(project: Project) -> None:
    project.hcl(
        'variable "v" {\n  nullable = false\n  default = "red"\n}\n'
        'bench "thing" "a" {\n  value = var.v\n}\n'
    )
    project.write("amlplan.amlvars", "v = null\n")
    assert '"red"' in project.run("plan").out
