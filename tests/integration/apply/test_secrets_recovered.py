"""What an interrupted create gave back is recorded by the next command, without its secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan_schemas.state import Intent, Tree
from amlplan_state.local import LocalBackend
from state_support import HOLDER, silent

if TYPE_CHECKING:
    from harness.project import Project

CANARY = "zebra-99-crossing"
SECRETS = {
    "of the environment": 'env_secret("TOKEN")',
    "of a variable": "var.token",
    "inside a text": '"Bearer ${var.token}"',
}


def configure(project: Project, expression: str) -> None:
    project.environment |= {"TOKEN": CANARY, "AMLPLAN_VAR_token": CANARY}
    project.hcl(
        'variable "token" {\n  type = string\n  sensitive = true\n}\n'
        f'bench "thing" "a" {{\n  value = {expression}\n}}\n'
    )


def interrupt_create(project: Project) -> None:
    """Leave the state as a kill does between the end of a create and its outcome."""
    backend = LocalBackend(project.root, {}, "0")
    with backend.open(HOLDER, timeout=0.0, waiting=silent) as writer:
        draft = writer.records["bench.a"].model_copy(update={"outputs": Tree()})
        writer.finish("bench.a", None)
        writer.begin(
            Intent(operation="o", action="create", address="bench.a", draft=draft, plan="p")
        )


def expect_no_secret(project: Project, *texts: str) -> None:
    kept = [path.read_bytes() for path in project.root.rglob("*") if path.is_file()]
    assert not any(CANARY.encode() in content for content in kept)
    assert not any(CANARY in text for text in texts)


@pytest.mark.parametrize("expression", SECRETS.values(), ids=SECRETS)
def test_an_output_that_echoes_a_secret(project: Project, expression: str) -> None:
    configure(project, expression)
    project.run("apply", "-auto-approve")
    interrupt_create(project)
    planned = project.run("plan")
    applied = project.run("apply", "-auto-approve")
    assert "its object was made and is recorded now" in applied.out
    expect_no_secret(project, planned.all, applied.all)
    project.apply()


@pytest.mark.parametrize("expression", SECRETS.values(), ids=SECRETS)
def test_an_output_that_echoes_a_secret_of_earlier(project: Project, expression: str) -> None:
    configure(project, expression)
    project.run("apply", "-auto-approve")
    interrupt_create(project)
    project.environment |= {"TOKEN": "lion-11-jungle", "AMLPLAN_VAR_token": "lion-11-jungle"}
    planned = project.run("plan")
    applied = project.run("apply", "-auto-approve")
    expect_no_secret(project, planned.all, applied.all)


def test_a_secret_that_is_no_longer_to_be_had(project: Project) -> None:
    configure(project, SECRETS["of the environment"])
    project.run("apply", "-auto-approve")
    interrupt_create(project)
    del project.environment["TOKEN"]
    planned = project.run("plan")
    project.hcl("")
    applied = project.run("apply", "-auto-approve")
    expect_no_secret(project, planned.all, applied.all)
    assert "1 destroyed" in applied.out
