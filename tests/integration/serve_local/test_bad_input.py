"""What is wrong with an image or a deployment is said at plan, with its block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.deployments import Deployed

IMAGE, DEPLOYMENT = 'image "scorer"', 'deployment "prod"'
BODY = 'models = [model.ridge]\nsource_dir = "src"\nentry_script = "score.py"\n'
BODY += "environment = environment.py\n"


def image(body: str) -> Callable[[Deployed], object]:
    return lambda deployed: deployed.block(IMAGE, body)


def written(text: str) -> Callable[[Deployed], object]:
    return lambda deployed: deployed.score(text)


def _excluded(deployed: Deployed) -> None:
    deployed.project.write("src/.amlignore", "score.py\n")


def _two_models(deployed: Deployed) -> None:
    deployed.block('workspace "other"', "")
    same = 'name = "ridge"\nsource = "model.txt"'
    deployed.block('model "twin"', f"{same}\nworkspace = workspace.other")
    for name in ('model "ridge"', 'compute "local" "here"', 'environment "py"'):
        deployed.block(name, f"{deployed.blocks[name]}\nworkspace = workspace.main")
    deployed.block(DEPLOYMENT, f"{deployed.blocks[DEPLOYMENT]}\nworkspace = workspace.main")
    both = BODY.replace("[model.ridge]", "[model.ridge, model.twin]")
    deployed.block(IMAGE, f"{both}workspace = workspace.main")


def _two_files(deployed: Deployed) -> None:
    deployed.project.write("other/score.py", "x = 1\n")
    deployed.block(IMAGE, f'{BODY}dependencies = ["other/score.py"]')


@pytest.mark.parametrize(
    ("harm", "summary", "detail"),
    [
        (
            image(BODY.replace('"score.py"', '"scores.py"')),
            "The scoring script is missing",
            "src/scores.py does not exist",
        ),
        (
            image(BODY.replace('"src"', '"source"')),
            "The scoring script is missing",
            "source/score.py does not exist",
        ),
        (
            written("def run(data): ...\n"),
            "The scoring script lacks a function",
            "src/score.py defines no init()",
        ),
        (
            written("def init(): ...\n"),
            "The scoring script lacks a function",
            "src/score.py defines no run(data)",
        ),
        (
            written("def init(): ...\n\ndef run(data)\n"),
            "The scoring script has a syntax error",
            "src/score.py line 3: expected ':'",
        ),
        (_excluded, "The scoring script is left out of the image", "an ignore file leaves it out"),
        (_two_models, "Two models of one name", "two models called ridge"),
        (_two_files, "Two files in one place", "would both be source/score.py of the image"),
        (
            image(f'{BODY}dependencies = ["gone.whl"]'),
            "A source is missing",
            "gone.whl",
        ),
        (image(f'{BODY}name = "Scorer"'), "Invalid value", "name"),
        (image(f'{BODY}name = "ab"'), "Invalid value", "name"),
        (image(BODY.replace("model.ridge", "environment.py")), "", "model"),
    ],
    ids=[
        "script missing",
        "folder missing",
        "no init",
        "no run",
        "syntax error",
        "ignored",
        "two models",
        "two files",
        "dependency missing",
        "capital in name",
        "short name",
        "not a model",
    ],
)
def test_a_wrong_image(
    deployed: Deployed, harm: Callable[[Deployed], object], summary: str, detail: str
) -> None:
    harm(deployed)
    said = deployed.run("plan", code=10).err
    assert f"Error: {summary}" in said
    assert detail in said
    assert 'in image "scorer"' in said
    assert "on main.hcl line " in said


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ('name = "Prod"', "name"),
        ('name = "pr"', "name"),
        ("replicas = 0", "replicas"),
        ("port = 70000", "port"),
        ('scoring_timeout = "soon"', "scoring_timeout"),
        ('auth {\nmode = "token"\n}', "mode"),
        ('rollout {\nstrategy = "blue_green"\n}', "strategy"),
        ("rollout {\nkeep = 0\n}", "keep"),
        ('smoke {\nrequest = "gone.json"\n}', "gone.json"),
    ],
)
def test_a_wrong_deployment(deployed: Deployed, more: str, detail: str) -> None:
    deployed.deployment(more)
    said = deployed.run("plan", code=10).err
    assert detail in said
    assert 'in deployment "prod"' in said
    assert "on main.hcl line " in said


def test_a_target_that_serves_nothing(deployed: Deployed) -> None:
    deployed.block('environment "far"', deployed.blocks['environment "py"'])
    body = "image = image.scorer\ntarget = environment.far"
    said = deployed.block(DEPLOYMENT, body).run("plan", code=10).err
    assert 'in deployment "prod"' in said
    assert "compute" in said


def test_secret_variables_of_the_environment(deployed: Deployed) -> None:
    deployed.project.environment["THE_TOKEN"] = "canary-b41"
    body = deployed.blocks['environment "py"']
    variables = 'variables = { TOKEN = env_secret("THE_TOKEN") }'
    said = deployed.block('environment "py"', f"{body}\n{variables}").run("plan", code=10).err
    assert "Give them to the deployment's env instead" in said
    assert 'in image "scorer"' in said
    assert "canary" not in said
