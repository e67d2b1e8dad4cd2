"""Report files of real plans and drifts: what they hold and never hold, and where they go."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from amlplan_bench.world import World
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema

if TYPE_CHECKING:
    from harness.project import Project

CANARY = "c4nary-9f8e7d"
FILES = {
    "markdown": "page.md",
    "junit": "cases.xml",
    "sarif": "it.sarif",
    "gitlab-report": "counts.json",
    "github-output": "values",
    "github-annotations": "commands",
}
ASKED = [f"-{name}={file}" for name, file in FILES.items()]
BEFORE = """
bench "thing" "a" {
  value = "red"
}
bench "thing" "b" {}
bench "thing" "c" {
  shape = "round"
}
bench "thing" "d" {}
"""
AFTER = """
bench "thing" "a" {
  value = "blue"
}
bench "thing" "c" {
  shape = "flat"
}
bench "thing" "d" {}
bench "thing" "e" {
  for_each = toset(["<&|`\\n"])
  name     = "e"
}
"""


@pytest.fixture
def applied(project: Project) -> Project:
    project.hcl(BEFORE)
    project.apply()
    return project


def change(project: Project, address: str, **changes: object) -> None:
    world = World(project.world)
    for identity, item in world.objects().items():
        if f"/{address}/" in identity:
            world.put(identity, {**item, **changes})


def text_of(project: Project, name: str) -> str:
    return (project.root / FILES[name]).read_text()


def outcomes(project: Project) -> dict[str, list[str]]:
    found = ET.fromstring(text_of(project, "junit")).iter("testcase")
    return {str(case.get("name")): [item.tag for item in case] for case in found}


def results(project: Project) -> dict[str, Any]:
    document = json.loads(text_of(project, "sarif"))
    StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate(document)
    return {
        f"{item['ruleId']} {location['logicalLocations'][0]['fullyQualifiedName']}": location
        for item in document["runs"][0]["results"]
        for location in item["locations"]
    }


def test_a_plan_in_every_form(applied: Project) -> None:
    change(applied, "bench.d", weight=7)
    applied.hcl(AFTER)
    printed = applied.run("plan").out
    assert applied.run("plan", *ASKED).out == printed
    odd = 'bench.e["<&|`\\n"]'
    assert outcomes(applied) == {
        "bench.a": ["skipped"],
        "bench.b": ["skipped"],
        "bench.c": ["skipped"],
        "bench.d": ["failure"],
        odd: ["skipped"],
    }
    found = results(applied)
    assert set(found) == {
        "plan/update bench.a",
        "plan/delete bench.b",
        "plan/replace bench.c",
        "plan/update bench.d",
        "drift/changed_outside bench.d",
        f"plan/create {odd}",
    }
    lines = {
        name: place["physicalLocation"]["region"]["startLine"] for name, place in found.items()
    }
    assert lines["plan/update bench.a"] == 2
    assert lines[f"plan/create {odd}"] == 9
    assert lines["plan/delete bench.b"] == 1  # no block is left of it
    assert json.loads(text_of(applied, "gitlab-report")) == {"create": 2, "update": 2, "delete": 2}
    page = text_of(applied, "markdown")
    assert "Plan: 2 to add, 2 to change, 2 to destroy." in page
    assert "weight = 1 -> 7" in page
    assert "# forces replacement" in page
    values = text_of(applied, "github-output").splitlines()
    assert values[:5] == [
        "changes=true",
        "to_add=2",
        "to_change=2",
        "to_destroy=2",
        "has_drift=true",
    ]
    commands = text_of(applied, "github-annotations").splitlines()
    assert len(commands) == len(found)
    assert "::warning file=main.hcl,line=5,title=To replace::bench.c must be replaced" in commands


def test_a_plan_without_changes_in_every_form(applied: Project) -> None:
    applied.run("plan", "-out=it.plan", *ASKED)
    assert outcomes(applied) == {f"bench.{name}": [] for name in "abcd"}
    assert results(applied) == {}
    assert json.loads(text_of(applied, "gitlab-report")) == {"create": 0, "update": 0, "delete": 0}
    assert "No changes" in text_of(applied, "markdown")
    assert text_of(applied, "github-output").splitlines() == [
        "changes=false",
        "to_add=0",
        "to_change=0",
        "to_destroy=0",
        "has_drift=false",
        "plan_path=it.plan",
        "json_plan_path=",
    ]
    assert text_of(applied, "github-annotations") == ""


def test_a_destroy_plan_in_every_form(applied: Project) -> None:
    applied.run("plan", "-destroy", *ASKED)
    assert outcomes(applied) == {f"bench.{name}": ["skipped"] for name in "abcd"}
    assert json.loads(text_of(applied, "gitlab-report")) == {"create": 0, "update": 0, "delete": 4}


def test_what_is_blocked_or_silent_is_an_error(applied: Project) -> None:
    World(applied.world).silence("bench.a")
    applied.run("plan", *ASKED)
    assert outcomes(applied)["bench.a"] == ["error"]
    applied.run("drift", *ASKED, code=1)
    assert outcomes(applied)["bench.a"] == ["error"]
    applied.run("drift", "-allow-unreachable", *ASKED, code=0)
    assert outcomes(applied)["bench.a"] == ["error"]
    assert "has_drift=false" in text_of(applied, "github-output")


def test_drift_in_every_form(applied: Project) -> None:
    change(applied, "bench.a", value="pink")
    world = World(applied.world)
    lineage = world.alive()[0]["identity"].partition("/")[0]
    world.put(f"{lineage}/bench.lost/9", {"value": "", "weight": 1, "complete": True})
    for identity in world.objects():
        if "/bench.b/" in identity:
            world.remove(identity)
    applied.hcl(BEFORE.replace("round", "flat"))
    printed = applied.run("drift", code=2).out
    assert applied.run("drift", *ASKED, code=2).out == printed
    assert outcomes(applied) == {
        "bench.a": ["failure"],
        "bench.b": ["failure"],
        "bench.c": ["skipped"],
        "bench.d": [],
        "bench.lost": ["failure"],
    }
    assert set(results(applied)) == {
        "drift/changed_outside bench.a",
        "drift/deleted_outside bench.b",
        "drift/pending_config bench.c",
        "drift/unmanaged bench.lost",
    }
    assert json.loads(text_of(applied, "gitlab-report")) == {"create": 1, "update": 1, "delete": 0}
    assert "has_drift=true" in text_of(applied, "github-output")


def test_drift_prints_markdown_where_no_file_is_given(applied: Project) -> None:
    change(applied, "bench.a", value="pink")
    printed = applied.run("drift", "-markdown", code=2).out
    applied.run("drift", "-markdown=page.md", code=2)
    assert text_of(applied, "markdown") == printed
    assert printed.startswith("## amlplan drift\n")
    applied.run("drift", "-markdown", "-junit=cases.xml", code=2)
    applied.run("drift", "-markdown", "other.md", code=2)
    assert (applied.root / "other.md").read_text() == printed
    refused = applied.run("drift", "-json", "-markdown", code=1)
    assert "give one a file" in refused.err
    applied.run("drift", "-json", "-markdown=page.md", code=2)


def test_values_are_appended_and_the_others_are_written_anew(applied: Project) -> None:
    applied.write("values", "earlier=1\n")
    applied.write("page.md", "x" * 100_000)
    applied.run("plan", *ASKED)
    applied.run("drift", *ASKED)
    values = text_of(applied, "github-output").splitlines()
    assert values[0] == "earlier=1"
    assert values.count("to_add=0") == 2
    assert len(text_of(applied, "markdown")) < 1000


def test_nothing_in_the_environment_makes_a_report(applied: Project) -> None:
    there = applied.root.parent / "runner"
    there.write_text("")
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        applied.environment[name] = str(there)
    applied.environment |= {"CI": "true", "GITHUB_ACTIONS": "true", "GITLAB_CI": "true"}
    applied.run("plan")
    applied.run("drift")
    assert there.read_text() == ""


@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize("path", ["nowhere/page", "."])
def test_a_report_that_cannot_be_written_is_told_after_what_was_found(
    applied: Project, command: str, path: str
) -> None:
    result = applied.run(command, f"-junit={path}", code=1)
    assert "A report cannot be written" in result.err
    assert result.out == applied.run(command).out


def test_files_are_named_from_the_root_of_a_repository(applied: Project) -> None:
    (applied.root.parent / ".git").mkdir()
    change(applied, "bench.a", value="pink")
    applied.run("drift", *ASKED, code=2)
    [place] = results(applied).values()
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "project/main.hcl"
    assert "file=project/main.hcl,line=2," in text_of(applied, "github-annotations")
    case = next(ET.fromstring(text_of(applied, "junit")).iter("testcase"))
    assert case.get("file") == "project/main.hcl"


def test_names_from_outside_do_not_break_a_file(applied: Project) -> None:
    change(applied, "bench.a", value="</failure>]]>\x1b[31m`````\n::error::x\ud800\u202e|<&")
    applied.run("drift", *ASKED, code=2)
    assert outcomes(applied)["bench.a"] == ["failure"]
    results(applied)
    page = text_of(applied, "markdown")
    assert "\x1b" not in page
    assert "\u202e" not in page
    [line] = text_of(applied, "github-annotations").splitlines()
    assert line.endswith("bench.a was changed outside of amlplan: value")
    World(applied.world).silence("bench.a")
    applied.run("drift", *ASKED, code=1)


def test_no_report_holds_a_secret(project: Project) -> None:
    project.environment["SECRET"] = CANARY
    text = (
        'variable "token" {\n  sensitive = true\n}\n'
        'bench "thing" "a" {\n  value = env_secret("SECRET")\n'
        '  options = { t = var.token, b = "Bearer ${var.token}" }\n}\n'
        'bench "thing" "b" {\n  for_each = toset(["x"])\n  description = var.token\n}\n'
        'output "t" {\n  value = var.token\n  sensitive = true\n}\n'
    )
    token = f"-var=token={CANARY}-two"
    project.hcl(text)
    printed = []

    def look() -> None:
        for command in (["plan"], ["plan", "-destroy"], ["drift"], ["drift", "-json"]):
            result = project.run(*command, token, *ASKED, code=None)
            printed.append(result.all)
            printed.extend(text_of(project, name) for name in FILES)
        printed.append(project.run("drift", "-markdown", token, code=None).all)

    look()
    project.run("apply", "-auto-approve", token)
    look()
    change(project, "bench.a", value="somebody's", weight=5)
    token += "-other"
    look()
    project.hcl(text.replace('"x"', '"y"').replace("Bearer", "Basic"))
    World(project.world).silence("bench.a")
    look()
    assert len(printed) > 100
    assert not [text for text in printed if CANARY in text]


def test_thousands_of_resources_fit_into_a_summary(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  count = 4000\n}\n')
    project.run("plan", *ASKED)
    assert os.path.getsize(project.root / "page.md") <= 1024 * 1024  # noqa: PTH202
    assert "left out" in text_of(project, "markdown").splitlines()[-1]
    assert len(outcomes(project)) == 4000
    assert Path(project.root / "commands").read_text().count("\n") == 10
