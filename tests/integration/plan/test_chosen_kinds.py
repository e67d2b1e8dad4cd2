"""Kinds that a reference chooses: what decides them, and what a change of the target does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.fake_engines import FakeEngines

if TYPE_CHECKING:
    from harness.project import Project

HERE = 'compute "local" "box" {}'
BOX = 'compute "fake" "box" {}'
IMAGE = """
image "scorer" {
  entry_script = "score.py"
  environment  = environment.py
  BUILDER
}
"""
LOCALS = """
locals {
  box   = compute.box
  boxes = { gpu = compute.box, cpu = compute.here }
  uses  = [{ on = compute.box, beside = compute.here }]
  each  = { one = { on = compute.box, beside = compute.here } }
}
"""
DEPLOYMENT = """
deployment "prod" {
  image  = image.scorer
  target = compute.box
}
"""


@pytest.fixture
def engines(project: Project) -> FakeEngines:
    found = FakeEngines(project)
    found.start("engine", "e1")
    return found


def image(builder: str = "builder = compute.box") -> str:
    return IMAGE.replace("BUILDER", builder)


def kinds(project: Project) -> dict[str, str]:
    state = json.loads((project.root / "amlplan.state.json").read_text())
    return {name: record["kind"] for name, record in state["records"].items()}


def planned_kinds(project: Project) -> dict[str, str]:
    project.run("lock")
    project.run("plan", "-out=it.plan")
    plan = json.loads(project.run("show", "-json", "it.plan").out)
    return {item["address"]: item["type"] for item in plan["resource_changes"]}


def test_the_target_says_what_an_image_and_a_deployment_are(engines: FakeEngines) -> None:
    project = engines.project
    engines.hcl(BOX, image(), DEPLOYMENT)
    project.run("lock")
    result = project.apply()
    assert 'image "scorer" {' in result.out
    assert 'deployment "prod" {' in result.out
    found = kinds(project)
    assert (found["image.scorer"], found["deployment.prod"]) == ("image@fake", "deployment@fake")
    assert project.run("deployment", "logs", "prod").out == "engine\n"
    project.run("destroy", "-auto-approve")


@pytest.mark.parametrize(
    "text",
    [
        "builder = local.box",
        'builder = local.boxes["gpu"]',
        "builder = try(compute.box, compute.box)",
        "builder = (true ? compute.box : compute.box)",
        "builder = [for one in [compute.box] : one][0]",
        "builder = module.inner.box",
        "builder = lookup({ gpu = compute.box }, var.name, compute.box)",
        "builder = [for one in local.uses : one.on][0]",
        "builder = one(local.uses[*].on)",
        "for_each = local.each\n  builder = each.value.on",
    ],
)
def test_the_text_tells_the_target_through_names(engines: FakeEngines, text: str) -> None:
    engines.project.write("inner/main.hcl", 'variable "box" {}\noutput "box" { value = var.box }')
    engines.hcl(
        BOX,
        'compute "local" "here" {}',
        LOCALS,
        'variable "name" { default = "gpu" }',
        'module "inner" {\n  source = "./inner"\n  box = compute.box\n}',
        image(text),
    )
    [found] = [
        kind
        for address, kind in planned_kinds(engines.project).items()
        if address.startswith("image.scorer")
    ]
    assert found == "image@fake"


def test_each_call_of_a_module_has_kinds_of_its_own(engines: FakeEngines) -> None:
    engines.project.write(
        "inner/main.hcl",
        'variable "on" {}\nvariable "environment" {}\nvariable "workspace" {}\n'
        'variable "name" {}\nimage "scorer" {\n  name = var.name\n  workspace = var.workspace\n'
        '  entry_script = "score.py"\n'
        "  environment = var.environment\n  builder = var.on\n}",
    )
    call = 'module "NAME" {\n  source = "./inner"\n  on = TARGET\n  environment = environment.py\n'
    call += '  workspace = workspace.main\n  name = "NAME"\n}'
    calls = [
        call.replace("NAME", name).replace("TARGET", target)
        for name, target in (("far", "compute.box"), ("near", "compute.here"))
    ]
    engines.hcl(BOX, 'compute "local" "here" {}', *calls)
    found = planned_kinds(engines.project)
    assert found["module.far.image.scorer"] == "image@fake"
    assert found["module.near.image.scorer"] == "image"


def test_a_target_for_each_is_told_by_what_they_all_are(engines: FakeEngines) -> None:
    engines.hcl(
        'compute "fake" "box" {\n  for_each = toset(["a", "b"])\n}',
        image("for_each = compute.box\n  builder = each.value"),
    )
    assert planned_kinds(engines.project)['image.scorer["a"]'] == "image@fake"


def test_json_files_choose_kinds_too(engines: FakeEngines) -> None:
    engines.hcl(BOX)
    block = {
        "entry_script": "score.py",
        "environment": "${environment.py}",
        "builder": "${compute.box}",
    }
    engines.project.write("more.hcl.json", json.dumps({"image": {"scorer": block}}))
    assert planned_kinds(engines.project)["image.scorer"] == "image@fake"


@pytest.mark.parametrize(
    "text", ["builder = true ? compute.box : null", "builder = true ? compute.box : compute.here"]
)
def test_what_may_be_either_is_refused_with_both_named(engines: FakeEngines, text: str) -> None:
    engines.hcl(BOX, 'compute "local" "here" {}', image(text))
    failure = engines.project.run("validate", code=10).err
    assert "Kind of the block cannot be told" in failure
    assert "compute.box (compute.fake)" in failure


def test_without_a_builder_an_image_is_what_it_always_was(engines: FakeEngines) -> None:
    engines.hcl(image(""))
    assert planned_kinds(engines.project)["image.scorer"] == "image"


def test_another_kind_of_target_comes_before_what_stands_on_it_and_the_old_goes_last(
    engines: FakeEngines,
) -> None:
    project = engines.project
    engines.start("other", "e2")
    engines.hcl(BOX, image(), DEPLOYMENT)
    project.run("lock")
    project.apply()
    engines.notes()
    twin = 'compute "twin" "box" {\n  connection {\n    host = "other"\n  }\n}'
    engines.hcl(twin, image(), DEPLOYMENT)
    project.run("lock")
    assert "Plan: 3 to add, 0 to change, 3 to destroy." in project.run("plan").out
    project.apply()
    assert [line.replace("/", " ") for line in engines.notes()] == [
        "attach compute.box to e2",
        "make image.scorer 3 on e2",
        "make deployment.prod 3 on e2",
        "remove deployment.prod 1 on e1",
        "remove image.scorer 1 on e1",
        "detach compute.box from e1",
    ]
    assert kinds(project)["deployment.prod"] == "deployment@twin"


def test_a_target_of_this_host_is_another_kind_too(engines: FakeEngines) -> None:
    project = engines.project
    engines.hcl(BOX, image(), DEPLOYMENT)
    project.run("lock")
    project.apply()
    engines.hcl(HERE, image(), DEPLOYMENT)
    out = project.run("plan").out
    assert "deployment.prod  kind forces replacement" in out
    assert "Plan: 3 to add, 0 to change, 3 to destroy." in out
