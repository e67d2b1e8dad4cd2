"""Protection can be taken back, as the plan that it blocks says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project


def configure(project: Project, protects: str, fields: str = "") -> None:
    lifecycle = f"lifecycle {{\n  prevent_destroy = {protects}\n}}\n"
    project.hcl(f'bench "thing" "a" {{\n{fields}{lifecycle}}}\n')


@pytest.mark.parametrize("fails", ["after", "broken"])
def test_what_was_never_complete_is_replaced_once_it_is_protected_no_longer(
    project: Project, fails: str
) -> None:
    configure(project, "true", f'fail = "{fails}"\n')
    project.run("apply", "-auto-approve", code=12)
    configure(project, "true")
    assert "prevent_destroy protects it" in project.run("plan").out
    configure(project, "false")
    project.apply()


def test_what_was_begun_can_become_another_once_it_is_protected_no_longer(
    project: Project,
) -> None:
    configure(project, "true", 'steps = 2\nfail = "step0"\n')
    project.run("apply", "-auto-approve", code=12)
    configure(project, "false", 'shape = "square"\n')
    project.apply()


def test_a_complete_object_is_released_before_it_is_replaced(project: Project) -> None:
    configure(project, "true")
    project.apply()
    configure(project, "false", 'shape = "square"\n')
    plan = project.run("plan").out
    assert "take the change back and apply first" in plan
    configure(project, "false")
    project.apply()
    configure(project, "false", 'shape = "square"\n')
    project.apply()
