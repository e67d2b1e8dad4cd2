"""The comparison of plans with the provider's call log finds what it is there for."""

from __future__ import annotations

import ast
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from amlplan_bench.thing import BenchThing

from amlplan.applying import apply as applying
from amlplan.applying.perform import Performer
from amlplan.applying.steps import Step, steps_of
from harness.call_log import calls_of
from harness.plan_truth import untruths
from harness.watched_applies import HOLDERS
from kill.course import thing

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.project import Project

SOURCES = Path(applying.__file__).parents[2]
PAIR = thing("base") + thing("top", needs=["bench.base.id"])


def with_steps(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[tuple[Step, ...]], tuple[Step, ...]]
) -> None:
    monkeypatch.setattr(applying, "steps_of", lambda *given: change(steps_of(*given)))


def unordered(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(replace(step, after=frozenset()) for step in reversed(steps))


def expect_untrue(project: Project, text: str, command: str = "apply") -> None:
    with pytest.raises(AssertionError, match=text):
        project.run(command, "-auto-approve", "-parallelism=1")


def test_a_call_that_is_made_twice(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    once = Performer._create

    def twice(*arguments: Any) -> Any:
        once(*arguments)
        return once(*arguments)

    monkeypatch.setattr(Performer, "_create", twice)
    project.hcl(thing("a"))
    expect_untrue(project, "create of bench.a: create was called 2 times")


def test_an_operation_that_is_not_carried_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.hcl(thing("a") + thing("b"))
    with_steps(monkeypatch, lambda steps: steps[:-1])
    expect_untrue(project, "create of bench.b: create was not called")


def test_a_replacement_that_does_not_delete(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.hcl(thing("a"))
    project.apply()
    project.hcl(thing("a", shape="square"))
    with_steps(monkeypatch, lambda steps: unordered(steps)[:1])
    expect_untrue(project, "replace of bench.a: delete was not called")


def test_a_replacement_that_creates_too_early(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.hcl(thing("a"))
    project.apply()
    project.hcl(thing("a", shape="square"))
    with_steps(monkeypatch, unordered)
    # The object that it deletes is the one that it has just made.
    expect_untrue(project, "bench.a/3 was called 1 times more than planned")


def test_a_call_without_an_operation(project: Project) -> None:
    project.hcl(thing("a") + thing("b"))
    project.apply()
    project.hcl(thing("a", value="new") + thing("b", value="new"))
    project.run("apply", "-auto-approve")
    (apply,) = project.applies
    calls = calls_of(project.world / "calls", 0, os.getpid())[2:]
    assert not list(untruths([apply], calls, project.logged))
    shorter = apply.plan.model_copy(update={"operations": apply.plan.operations[:1]})
    (found,) = untruths([replace(apply, plan=shorter)], calls, project.logged)
    assert "bench.b/1 was called 1 times more than planned" in found


def test_deletes_in_the_wrong_order(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.hcl(PAIR)
    project.apply()
    with_steps(monkeypatch, unordered)
    expect_untrue(project, "bench.base was deleted before bench.top", "destroy")


def test_updates_in_the_wrong_order(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.hcl(PAIR)
    project.apply()
    project.hcl(
        thing("base", value="new")
        + thing("top", value="new", needs=["bench.base.id"], depends_on=["bench.base"])
    )
    with_steps(monkeypatch, unordered)
    expect_untrue(project, "bench.top was made before bench.base")


def test_a_failure_that_nobody_is_told_of(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Swallowing(BenchThing):
        def create(self, *arguments: Any) -> Any:
            try:
                return super().create(*arguments)
            except RuntimeError:
                return {"id": "made up"}

    monkeypatch.setattr("amlplan_bench.thing.BenchThing", Swallowing)
    project.hcl(thing("a", fail="crash before"))
    expect_untrue(project, "create of bench.a: a call failed, and nobody was told")


def test_every_module_that_applies_is_watched() -> None:
    found = {
        ".".join(path.relative_to(SOURCES).with_suffix("").parts)
        for path in (SOURCES / "amlplan").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.FunctionDef) and node.name == "apply_plan")
        or (isinstance(node, ast.ImportFrom) and any(n.name == "apply_plan" for n in node.names))
    }
    assert found == set(HOLDERS)
