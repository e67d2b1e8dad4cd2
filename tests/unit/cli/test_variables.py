"""Where the values of variables come from, which one wins, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project

SHOWS = 'output "x" {\n  value = var.x\n}\n'


def value(project: Project, *arguments: str) -> str:
    """What the plan says that the output `x` will be."""
    out = project.run("plan", *arguments).out
    return out.partition("+ x = ")[2].partition("\n")[0]


def test_the_later_source_wins(project: Project) -> None:
    project.hcl('variable "x" {\n  default = "default"\n}\n' + SHOWS)
    assert value(project) == '"default"'
    project.environment["AMLPLAN_VAR_x"] = "environment"
    assert value(project) == '"environment"'
    project.write("amlplan.amlvars", 'x = "file"')
    assert value(project) == '"file"'
    project.write("b.auto.amlvars", 'x = "auto b"')
    project.write("a.auto.amlvars", 'x = "auto a"')
    assert value(project) == '"auto b"'
    project.write("other.amlvars", 'x = "named file"')
    assert value(project, "-var-file=other.amlvars") == '"named file"'
    assert value(project, "-var=x=option", "-var-file", "other.amlvars") == '"named file"'
    assert value(project, "--var-file=other.amlvars", "-var", "x=option") == '"option"'
    assert value(project, "-var=x=one", "-var=x=two", "-var=x=three") == '"three"'
    assert value(project, "-var=x=") == '""'
    assert value(project, "-var=x=a=b c") == '"a=b c"'


@pytest.mark.parametrize(
    ("declared", "given", "shown"),
    [
        ("string", "12", '"12"'),
        ("number", "12", "12"),
        ("number", "1.5", "1.5"),
        ("number", "1e3", "1000"),
        ("bool", "true", "true"),
        ("any", "[1", '"[1"'),
        ("list(number)", "[1]", "["),
        ("map(string)", '{ a = "b" }', "{"),
        ("object({ a = optional(number, 7) })", "{}", "{"),
        ("list(string)", "[]", "[]"),
    ],
)
def test_text_becomes_the_declared_type(
    project: Project, declared: str, given: str, shown: str
) -> None:
    project.hcl(f'variable "x" {{\n  type = {declared}\n}}\n{SHOWS}')
    assert value(project, f"-var=x={given}") == shown
    project.environment["AMLPLAN_VAR_x"] = given
    assert value(project) == shown


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        ("number", "twelve"),
        ("bool", "yes"),
        ("list(number)", '["a"]'),
        ("list(number)", "1,2"),
        ("list(number)", ""),
        ("list(number)", "[1"),
        ("map(string)", "nonsense("),
        ("object({ a = number })", "{}"),
        ("list(string)", '[file("missing")]'),
    ],
)
def test_text_of_another_type_is_refused(project: Project, declared: str, given: str) -> None:
    project.hcl(f'variable "x" {{\n  type = {declared}\n}}\n{SHOWS}')
    for arguments, source in ((["-var", f"x={given}"], "-var=x"), ([], "AMLPLAN_VAR_x")):
        if not arguments:
            project.environment["AMLPLAN_VAR_x"] = given
        result = project.run("plan", *arguments, code=10)
        assert "Error: Invalid value for a variable" in result.err
        assert source in result.err
        assert not result.out


def test_a_required_variable_without_a_value(project: Project) -> None:
    project.hcl('variable "x" {}\nvariable "y" {}\n' + SHOWS)
    result = project.run("plan", code=10)
    assert result.err.count("Error: No value for a required variable") == 2
    for hint in ("-var=x=…", "AMLPLAN_VAR_x", "amlplan.amlvars", "main.hcl line 1"):
        assert hint in result.err
    project.run("apply", "-auto-approve", code=10)
    assert "Success!" in project.run("validate").out
    project.run("init")
    project.run("plan", "-destroy")


def test_values_for_what_is_not_declared(project: Project) -> None:
    project.hcl('variable "colour" {\n  default = "red"\n}\n')
    result = project.run("plan", "-var=color=blue", code=10)
    assert 'Did you mean "colour"?' in result.err
    assert 'variable "zzz" {}' in project.run("plan", "-var=zzz=1", code=10).err
    project.write("some.amlvars", "colour = 1\nnothing = 2\n")
    result = project.run("plan", "-var-file=some.amlvars", code=10)
    assert "on some.amlvars line 2:" in result.err
    assert "name=value" in project.run("plan", "-var=colour", code=10).err
    assert "cannot be read" in project.run("plan", "-var-file=missing", code=10).err
    project.environment["AMLPLAN_VAR_whatever"] = "is ignored, as in Terraform"
    project.run("plan")


def test_a_file_of_values_holds_values_only(project: Project) -> None:
    project.hcl('variable "x" {\n  default = 1\n}\n')
    project.write("amlplan.amlvars", "x = 1 +\n")
    assert "amlplan.amlvars line" in project.run("plan", code=10).err
    project.write("amlplan.amlvars", 'x = var.x\nblock "a" {}\n')
    result = project.run("plan", code=10)
    assert "arguments only" in result.err


def test_null_and_sensitive(project: Project) -> None:
    project.hcl('variable "x" {\n  nullable = false\n}\noutput "y" {\n  value = 1\n}\n')
    project.write("amlplan.amlvars", "x = null")
    assert "null is not allowed" in project.run("plan", code=10).err
    project.hcl('variable "x" {\n  type = number\n  sensitive = true\n}\n' + SHOWS)
    (project.root / "amlplan.amlvars").unlink()
    result = project.run("plan", "-var=x=se3ret", code=10)
    assert "se3ret" not in result.all
    result = project.run("plan", "-var=x=33571", code=10)
    assert "add: sensitive = true" in result.err
    assert "33571" not in result.all


def test_validation_blocks(project: Project) -> None:
    project.hcl(
        """
variable "size" {
  type = number
  validation {
    condition     = var.size > 2
    error_message = "A size of ${var.size} is too small."
  }
  validation {
    condition     = var.size < 10
    error_message = "Too big."
  }
}
variable "mode" {
  default = "fast"
  validation {
    condition     = contains(["fast", "slow"], var.mode)
    error_message = "Choose fast or slow."
  }
}
"""
    )
    project.run("plan", "-var=size=5")
    result = project.run("plan", "-var=size=1", "-var=mode=medium", code=10)
    assert "A size of 1 is too small." in result.err
    assert "Choose fast or slow." in result.err
    assert "Too big." not in result.err
    assert 'on main.hcl line 5, in variable "size":' in result.err
    assert "Too big." in project.run("validate", "-var=size=12", code=10).err
    assert "Success!" in project.run("validate").out


def test_a_validation_that_is_no_question(project: Project) -> None:
    project.hcl(
        'variable "x" {\n  default = 1\n  validation {\n    condition = var.x\n'
        '    error_message = "no"\n  }\n  validation {\n    condition = true\n  }\n}\n'
    )
    result = project.run("plan", code=10)
    assert "A condition must be true or false." in result.err or "number" in result.err
    assert '"error_message" is required' in result.err


@pytest.mark.parametrize(
    ("constraint", "fits"),
    [
        (">= 0.0.1", True),
        (">= 0", True),
        ("< 1000", True),
        (">= 0.0.1, < 1000", True),
        ("!= 999.9", True),
        ("~> 999.1", False),
        ("= 999", False),
        ("999.0.0", False),
        ("> 999", False),
        (">= 0.0.1, > 999", False),
    ],
)
def test_required_version(project: Project, constraint: str, fits: bool) -> None:
    project.hcl(f'amlplan {{\n  required_version = "{constraint}"\n}}\nbench "thing" "a" {{}}\n')
    if fits:
        project.run("plan")
        return
    result = project.run("plan", code=10)
    assert "Unsupported amlplan version" in result.err
    assert constraint in result.err
    assert "main.hcl line 2" in result.err
    project.run("apply", "-auto-approve", code=10)
    project.run("validate", code=10)


@pytest.mark.parametrize("constraint", ["latest", "=> 1", "1.2.3.4", ">= 1,", "~>"])
def test_a_version_constraint_that_is_none(project: Project, constraint: str) -> None:
    project.hcl(f'amlplan {{\n  required_version = "{constraint}"\n}}\n')
    assert "Invalid version constraint" in project.run("plan", code=10).err
