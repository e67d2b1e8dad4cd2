"""`examples/policy` refuses the plans that it says it refuses, and no others."""

from __future__ import annotations

import base64
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from harness.project import SOURCES

if TYPE_CHECKING:
    from harness.project import Project

EXAMPLE = SOURCES / "examples" / "policy"
TWO = 'toset(["dev", "prod"])'


@pytest.fixture
def example(project: Project) -> Project:
    shutil.copytree(EXAMPLE, project.root, dirs_exist_ok=True)
    return project


def judged(project: Project, name: str, *options: str) -> list[str]:
    """What the policy says of the plan of now, as `deny` or `warn`."""
    regopy = pytest.importorskip("regopy", reason="regopy is not installed; it evaluates Rego")
    project.run("plan", "-out=it.plan", *options)
    judge = regopy.Interpreter()
    judge.add_module("plan.rego", (project.root / "policy" / "plan.rego").read_text())
    judge.set_input(json.loads(project.run("show", "-json", "it.plan").out))
    # In base64, since what it prints has the quotes inside of strings as they are.
    query = f"found = [base64.encode(text) | text := data.main.{name}[_]]"
    [found] = judge.query(query).results
    messages = [base64.b64decode(item).decode() for item in found.bindings["found"]]
    return sorted(messages)


def edited(project: Project, before: str, after: str) -> None:
    text = (project.root / "main.hcl").read_text()
    assert before in text
    project.hcl(text.replace(before, after))


def with_thing(project: Project, **arguments: str) -> None:
    """Configure a bench thing, which is cheap to apply, beside nothing else."""
    lines = "".join(f"  {name} = {value}\n" for name, value in arguments.items())
    project.hcl(f'bench "thing" "a" {{\n{lines}}}\n')


def without_serving(project: Project) -> None:
    """Leave out what an apply of the example would start."""
    text = (project.root / "main.hcl").read_text()
    project.hcl(text[: text.index('image "scorer"')])


def test_a_new_project_is_allowed(example: Project) -> None:
    assert judged(example, "deny") == []
    assert judged(example, "warn") == []


def test_a_deployment_without_a_key_is_denied(example: Project) -> None:
    assert judged(example, "deny", "-var=auth=none") == [
        "deployment.prod would answer anybody: auth.mode is none"
    ]


def test_a_model_in_prod_stays(example: Project) -> None:
    without_serving(example)
    example.apply()
    edited(example, TWO, 'toset(["prod"])')
    assert judged(example, "deny") == []  # dev may go
    edited(example, 'toset(["prod"])', 'toset(["dev"])')
    reason, risk = judged(example, "deny")
    assert reason.startswith('model.rule["prod"] is a model in prod, and would be destroyed (')
    assert risk == 'model.rule["prod"]: its risk is high, and prod allows medium at most'


def test_a_model_in_prod_is_not_replaced(example: Project) -> None:
    without_serving(example)
    example.apply()
    edited(example, "tags   =", 'name = "rule-${each.key}-2"\n  tags   =')
    reason, _ = judged(example, "deny")
    assert reason.endswith("(replace_because_cannot_update)")


@pytest.mark.parametrize(("stage", "count"), [("prod", 1), ("dev", 0)])
def test_a_stage_limits_the_risk(example: Project, stage: str, count: int) -> None:
    tags = f'{{ stage = "{stage}" }}'
    with_thing(example, tags=tags)
    example.apply()
    with_thing(example, tags=tags, value='"new"')
    assert judged(example, "deny") == []
    # Who takes the tag away in the same plan does not escape.
    with_thing(example, shape='"flat"', tags='{ stage = "dev" }')
    assert len(judged(example, "deny")) == count


def test_what_a_plan_leaves_for_later_is_a_warning(example: Project) -> None:
    text = 'check "size" {\n  assert {\n    condition = false\n    error_message = "no"\n  }\n}\n'
    example.hcl('bench "thing" "a" {}\n' + text)
    assert judged(example, "warn") == ["check.size does not hold"]


def test_the_example_reads_what_a_plan_has(example: Project) -> None:
    example.run("plan", "-out=it.plan")
    found: dict[str, Any] = json.loads(example.run("show", "-json", "it.plan").out)
    stages = {item["address"]: item["x_amlplan"]["stage"] for item in found["resource_changes"]}
    assert stages["workspace.assay"] == 1
    assert stages["deployment.prod"] == max(stages.values())
