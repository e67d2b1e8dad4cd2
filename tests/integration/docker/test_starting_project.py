"""`amlplan init -with=docker`: what it writes serves from an engine, and then from this host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from amlplan.cli.starting import write_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker_workbench import DockerProject

ENGINE = 'compute "docker" "box" {'
HERE = 'compute "local" "box" {}\n'


@pytest.fixture
def starting(docker_project: DockerProject) -> Iterator[DockerProject]:
    """The starting project with names that no other test has; what it makes goes with it."""
    project, name = docker_project.project, docker_project.name.removeprefix("amlplan-test-")
    write_project("docker", project.root)
    base = docker_project.service.base
    project.write("connections.amlvars", f'docker_host = "{docker_project.service.host}"\n')
    project.environment["AMLPLAN_VAR_base_image"] = base
    text = (project.root / "docker.hcl").read_text()
    for header, called in ((ENGINE, f"b{name}"), ('image "scorer" {', f"i{name}")):
        assert header in text
        text = text.replace(header, f'{header}\n  name = "{called}"')
    python = base.rpartition(":")[2]
    start, end = text.index('environment "serving"'), text.index('image "scorer"')
    serving = f'environment "serving" {{\n  python = "{python}"\n  requirements = []\n'
    serving += "  docker {\n    base_image = var.base_image\n  }\n}\n"
    project.write("docker.hcl", text[:start] + serving + text[end:])
    yield docker_project
    project.run("destroy", "-auto-approve")
    for image in docker_project.engine.images({}):
        for tag in image.tags:
            if tag.partition(":")[0].endswith(f"/i{name}"):
                docker_project.engine.remove_image(tag)


def score(docker_project: DockerProject) -> list[float]:
    asked = docker_project.run("deployment", "score", "prod", "-request=sample-request.json")
    answered: list[float] = json.loads(asked.out)
    return answered


@pytest.mark.slow
def test_it_serves_from_the_engine_and_moves_to_this_host(starting: DockerProject) -> None:
    project = starting.project
    starting.run("init")
    starting.run("apply", "-auto-approve")
    starting.run("run", "train")
    starting.run("apply", "-auto-approve", "-update-lock")
    answered = score(starting)
    assert answered[0] < answered[-1]
    assert "No changes." in starting.run("plan").out
    starting.run("drift")

    text = (project.root / "docker.hcl").read_text()
    here = text[: text.index(ENGINE)] + HERE + text[text.index('environment "serving"') :]
    project.write("docker.hcl", here.replace('  memory   = "256MiB"\n', ""))
    planned = starting.run("plan").out
    assert "it was of kind deployment@docker, and becomes deployment" in planned
    assert "Plan: 3 to add, 0 to change, 3 to destroy." in planned
    starting.run("apply", "-auto-approve")
    assert score(starting) == answered
    assert starting.engine.containers({"amlplan.lineage": starting.lineage}) == []
