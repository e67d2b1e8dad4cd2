"""A deployment with a script and an environment stands for an image of its own name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.fake_engines import FakeEngines

if TYPE_CHECKING:
    from harness.project import Project

BOX = 'compute "fake" "box" {}'
MODEL = 'model "ridge" {\n  source = "model.txt"\n}'
DEPLOYMENT = """
deployment "prod" {
  target       = compute.box
  model        = model.ridge
  entry_script = "score.py"
  environment  = environment.py
  MORE
}
"""


@pytest.fixture
def engines(project: Project) -> FakeEngines:
    found = FakeEngines(project)
    found.start("engine", "e1")
    project.write("model.txt", "weights")
    return found


def deployment(more: str = "") -> str:
    return DEPLOYMENT.replace("MORE", more)


def test_the_image_is_made_on_the_target_and_goes_with_the_deployment(
    engines: FakeEngines,
) -> None:
    project = engines.project
    engines.hcl(BOX, MODEL, deployment())
    project.run("lock")
    result = project.apply()
    assert "# image.prod will be created" in result.out
    assert "(for deployment.prod)" in result.out
    assert "+ builder        = compute.box" in result.out
    assert "+ image           = image.prod" in result.out
    engines.notes()
    engines.hcl(BOX, MODEL)
    project.apply()
    assert engines.notes() == ["remove deployment.prod/1 on e1", "remove image.prod/1 on e1"]


def test_what_changes_the_image_is_rolled_out(engines: FakeEngines) -> None:
    project = engines.project
    engines.hcl(BOX, MODEL, deployment())
    project.run("lock")
    project.apply()
    project.write("other.py", "def init(): ...\ndef run(data): ...\n")
    engines.hcl(BOX, MODEL, deployment().replace("score.py", "other.py"))
    assert "Plan: 0 to add, 2 to change" in project.run("plan").out


@pytest.mark.parametrize(
    ("repeated", "first", "second"),
    [('for_each = toset(["a", "b"])', '"a"', '"b"'), ("count = 2", "0", "1")],
)
def test_each_of_several_has_an_image_of_its_own(
    engines: FakeEngines, repeated: str, first: str, second: str
) -> None:
    project = engines.project
    engines.hcl(BOX, MODEL, deployment(repeated))
    project.run("lock")
    project.apply()
    listed = project.run("state", "list").out
    assert f"image.prod[{first}]" in listed
    assert f"deployment.prod[{second}]" in listed
    assert (
        f"for deployment.prod[{second}]"
        in project.run("plan", f"-replace=image.prod[{second}]").out
    )


def test_json_files_and_modules_derive_images_too(engines: FakeEngines) -> None:
    project = engines.project
    block = {
        "workspace": "${var.workspace}",
        "target": "${var.on}",
        "entry_script": "score.py",
        "environment": "${var.environment}",
    }
    names = ("workspace", "on", "environment")
    inner = {"variable": {name: {} for name in names}, "deployment": {"prod": block}}
    project.write("inner/main.hcl.json", json.dumps(inner))
    call = 'module "inner" {\n  source = "./inner"\n  workspace = workspace.main\n'
    engines.hcl(BOX, f"{call}  on = compute.box\n  environment = environment.py\n}}")
    project.run("lock")
    result = project.apply()
    assert "(for module.inner.deployment.prod)" in result.out
    assert "module.inner.image.prod" in project.run("state", "list").out


def test_one_that_is_switched_off_has_no_image(engines: FakeEngines) -> None:
    project = engines.project
    engines.hcl(BOX, MODEL, deployment("lifecycle {\n    enabled = false\n  }"))
    assert "image.prod" not in project.run("plan").out


def test_another_image_of_the_same_name_is_refused(engines: FakeEngines) -> None:
    image = 'image "prod" {\n  entry_script = "score.py"\n  environment = environment.py\n}'
    engines.hcl(BOX, MODEL, image, deployment())
    failure = engines.project.run("validate", code=10).err
    assert "stands for image.prod too" in failure
    assert "image = image.prod" in failure


def test_a_mistake_in_it_is_shown_where_the_deployment_has_it(engines: FakeEngines) -> None:
    engines.hcl(BOX, MODEL, deployment().replace("model.ridge", "environment.py"))
    failure = engines.project.run("validate", code=10).err
    assert 'in image "prod"' in failure
    assert "model        = environment.py" in failure


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("target = compute.box", "image is needed, or entry_script and environment"),
        (
            'target = compute.box\n  image = image.other\n  entry_script = "score.py"',
            "image has its own entry_script",
        ),
    ],
)
def test_neither_or_both_is_refused(engines: FakeEngines, text: str, said: str) -> None:
    image = 'image "other" {\n  entry_script = "score.py"\n  environment = environment.py\n}'
    engines.hcl(BOX, image, f'deployment "prod" {{\n  {text}\n}}')
    assert said in engines.project.run("validate", code=10).err


def test_on_this_host_the_image_is_a_bundle(engines: FakeEngines) -> None:
    engines.hcl('compute "local" "box" {}', MODEL, deployment())
    out = engines.project.run("plan").out
    assert "# image.prod will be created" in out
    assert "builder" not in out
