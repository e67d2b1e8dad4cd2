"""What is printed for machines is JSON, whole, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from amlplan_bench.world import World

if TYPE_CHECKING:
    from harness.project import Project, Result

ONE = """
variable "token" {
  default   = "hush-hush"
  sensitive = true
}

bench "thing" "a" {
  value   = "red \\"quoted\\" é\\n"
  options = { token = var.token }
}

output "colour" {
  value = { a = [1, 2.5, null], "é" = bench.a.value }
}

output "token" {
  value     = var.token
  sensitive = true
}
"""


def parsed(result: Result) -> Any:
    assert not result.err
    return json.loads(result.out)


def test_every_json_option_prints_json_before_and_after_an_apply(project: Project) -> None:
    project.hcl(ONE)
    commands = [
        ["validate", "-json"],
        ["show", "-json"],
        ["output", "-json"],
        ["state", "list", "-json"],
        ["drift", "-json"],
        ["version", "-json"],
    ]
    for command in commands:
        parsed(project.run(*command))
    project.run("plan", "-out=it.plan")
    shown = parsed(project.run("show", "-json", "it.plan"))
    assert shown["resource_changes"][0]["address"] == "bench.a"
    project.run("apply", "it.plan")
    for command in [*commands, ["state", "show", "-json", "bench.a"]]:
        found = parsed(project.run(*command))
        assert "hush-hush" not in json.dumps(found)


def test_outputs_for_machines(project: Project) -> None:
    project.hcl(ONE)
    project.apply()
    value = {"a": [1, 2.5, None], "é": 'red "quoted" é\n'}
    assert parsed(project.run("output", "-json")) == {
        "colour": {"sensitive": False, "value": value},
        "token": {"sensitive": True, "value": None},
    }
    assert parsed(project.run("output", "-json", "colour")) == value
    assert parsed(project.run("output", "-json", "token")) is None
    assert project.run("output", "-raw", "token").out == "hush-hush"
    assert project.run("output", "token").out == "(sensitive value)\n"


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ('"text"', "text"),
        ('"two\\nlines\\n"', "two\nlines\n"),
        ("12", "12"),
        ("1.50", "1.5"),
        ("true", "true"),
        ('""', ""),
    ],
)
def test_raw_prints_the_value_and_nothing_else(project: Project, value: str, raw: str) -> None:
    project.hcl(f'output "x" {{\n  value = {value}\n}}\n')
    project.run("apply", "-auto-approve")
    assert project.run("output", "-raw", "x").out == raw


@pytest.mark.parametrize("value", ["[1]", "{ a = 1 }"])
def test_raw_refuses_what_is_not_plain(project: Project, value: str) -> None:
    project.hcl(f'output "x" {{\n  value = {value}\n}}\n')
    project.run("apply", "-auto-approve")
    result = project.run("output", "-raw", "x", code=1)
    assert "-json" in result.err
    assert not result.out


def test_raw_of_a_secret_that_cannot_be_had(project: Project) -> None:
    project.write("token", "hush")
    project.hcl('output "x" {\n  value = file_secret("token")\n  sensitive = true\n}\n')
    project.run("apply", "-auto-approve")
    assert project.run("output", "-raw", "x").out == "hush"
    (project.root / "token").unlink()
    result = project.run("output", "-raw", "x", code=1)
    assert "cannot be had" in result.err
    assert not result.out


def test_validate_tells_each_mistake_with_its_place(project: Project) -> None:
    text = '# ä €\r\nbench "thing" "a" {\r\n  valeu = "é"\r\n  steps = "é"\r\n}\r\n'
    (project.root / "main.hcl").write_bytes(text.encode())
    report = parsed(project.run("validate", "-json", code=10))
    assert (report["format_version"], report["valid"]) == ("1.0", False)
    assert (report["error_count"], report["warning_count"]) == (2, 0)
    first, second = report["diagnostics"]
    assert first["severity"] == "error"
    assert first["code"] == "unsupported_argument"
    assert first["summary"] == "Unsupported argument"
    assert 'Did you mean "value"?' in first["detail"]
    assert first["address"] == "bench.a"
    assert first["range"] == {
        "filename": "main.hcl",
        "start": {"line": 3, "column": 3, "byte": text.encode().index(b"valeu")},
        "end": {"line": 3, "column": 8, "byte": text.encode().index(b"valeu") + 5},
    }
    snippet = first["snippet"]
    assert snippet["context"] == 'bench "thing" "a"'
    assert snippet["start_line"] == 3
    start, end = snippet["highlight_start_offset"], snippet["highlight_end_offset"]
    assert snippet["code"][start:end] == "valeu"
    assert second["range"]["start"]["line"] == 4


def test_validate_reports_a_valid_configuration(project: Project) -> None:
    project.hcl('variable "x" {}\nbench "thing" "a" {\n  value = var.x\n}\n')
    assert parsed(project.run("validate", "-json")) == {
        "format_version": "1.0",
        "valid": True,
        "error_count": 0,
        "warning_count": 0,
        "diagnostics": [],
    }
    assert "Success!" in project.run("validate").out


def test_validate_reports_files_that_cannot_be_read(project: Project) -> None:
    (project.root / "main.hcl").write_bytes(b"bench \xff")
    [problem] = parsed(project.run("validate", "-json", code=10))["diagnostics"]
    assert problem["code"] == "invalid_encoding"
    (project.root / "main.hcl").unlink()
    [problem] = parsed(project.run("validate", "-json", code=10))["diagnostics"]
    assert problem["code"] == "no_configuration"


def test_drift_for_machines(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  value = "red"\n}\n')
    project.apply()
    world = World(project.world)
    [identity] = world.objects()
    world.put(identity, {**world.objects()[identity], "value": "pink"})
    [drift] = parsed(project.run("drift", "-json", code=2))["drift"]
    assert (drift["address"], drift["drift_class"]) == ("bench.a", "changed_outside")
    [change] = drift["changes"]
    assert (change["path"], change["before"], change["after"]) == ("/value", "red", "pink")


def test_records_are_listed_by_pattern_and_shown(project: Project) -> None:
    project.hcl('bench "thing" "a" {}\nbench "thing" "ab" {}\nbench "thing" "b" {}\n')
    project.apply()
    assert project.run("state", "list").out == "bench.a\nbench.ab\nbench.b\n"
    assert project.run("state", "list", "bench.a*").out == "bench.a\nbench.ab\n"
    assert project.run("state", "list", "bench.b", "bench.a").out == "bench.a\nbench.b\n"
    assert project.run("state", "list", "model.*").out == ""
    assert parsed(project.run("state", "list", "-json", "bench.b")) == [
        {"address": "bench.b", "kind": "bench.thing", "name": "b", "status": "ok"}
    ]
    assert project.run("state", "show", "bench.b").out.startswith('# bench.b:\nbench "thing" "b" {')
    assert parsed(project.run("state", "show", "-json", "bench.b"))["address"] == "bench.b"
    result = project.run("state", "show", "bench.aa", code=1)
    assert 'Did you mean "bench.a' in result.err
    assert not result.out
