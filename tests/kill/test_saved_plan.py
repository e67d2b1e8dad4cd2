"""A saved plan whose apply was interrupted goes on; one that no longer fits is refused."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from kill.course import thing

if TYPE_CHECKING:
    from kill.course import Course

PLAN = "it.plan"


def slow(value: str) -> str:
    return thing("a", value=value) + thing("b", value=value, steps=1, needs=["bench.a.id"])


def interrupt(course: Course, number: signal.Signals) -> None:
    """Interrupt the apply of the plan while bench.w waits for its gate."""
    with course.process("apply", PLAN) as process:
        course.wait_until_pending("bench.w")
        process.send_signal(number)
        process.communicate(timeout=10)
        assert process.returncode == (130 if number is signal.SIGINT else -number)


def waiting(value: str) -> str:
    gate = "while [ ! -e $AMLPLAN_BENCH_WORLD/open ]; do sleep 0.05; done"
    return slow(value) + thing("w", value=value, needs=["bench.b.id"], options={"child": gate})


def open_gate(course: Course) -> None:
    course.world.folder.mkdir(exist_ok=True)
    (course.world.folder / "open").touch()


def test_a_killed_apply_of_a_plan_goes_on_with_the_same_plan(course: Course) -> None:
    course.project.hcl(waiting("it"))
    course.project.run("plan", f"-out={PLAN}")
    interrupt(course, signal.SIGKILL)
    open_gate(course)
    result = course.project.run("apply", PLAN)
    assert "Apply complete! Resources: 1 added" in result.out
    assert len(course.world.ever()) == 3
    course.expect_in_step()
    again = course.project.run("apply", PLAN)
    assert "Nothing of this plan is left to do." in again.out


@pytest.mark.slow
def test_a_stopped_apply_of_a_plan_goes_on_with_the_same_plan(course: Course) -> None:
    course.project.hcl(waiting("old"))
    open_gate(course)
    course.project.run("apply", "-auto-approve")
    (course.world.folder / "open").unlink()
    course.project.hcl(waiting("new"))
    course.project.run("plan", f"-out={PLAN}")
    interrupt(course, signal.SIGINT)
    open_gate(course)
    result = course.project.run("apply", PLAN)
    assert "Apply complete! Resources: 0 added, 1 changed" in result.out
    assert set(course.alive().values()) == {"new"}
    course.expect_in_step()


def test_an_interrupted_plan_is_refused_once_the_state_moved_on(course: Course) -> None:
    course.project.hcl(waiting("it"))
    course.project.run("plan", f"-out={PLAN}")
    interrupt(course, signal.SIGKILL)
    open_gate(course)
    course.project.run("apply", "-auto-approve")
    refused = course.project.run("apply", PLAN, code=16)
    assert "Saved plan is stale" in refused.err
    course.expect_in_step()


def test_an_interrupted_plan_is_refused_once_the_configuration_changed(course: Course) -> None:
    course.project.hcl(waiting("it"))
    course.project.run("plan", f"-out={PLAN}")
    interrupt(course, signal.SIGKILL)
    open_gate(course)
    course.project.hcl(waiting("else"))
    refused = course.project.run("apply", PLAN, code=16)
    assert "the configuration changed: main.hcl" in refused.err
    assert set(course.state.pending) == {"bench.w"}
    course.project.run("apply", "-auto-approve")
    assert set(course.alive().values()) == {"else"}
    assert len(course.world.ever()) == 3
    course.expect_in_step()


def test_a_plan_is_refused_after_another_apply(course: Course) -> None:
    course.project.hcl(slow("it"))
    course.project.run("plan", f"-out={PLAN}")
    course.project.hcl(slow("else"))
    course.project.run("apply", "-auto-approve")
    course.project.hcl(slow("it"))
    assert "the state moved on" in course.project.run("apply", PLAN, code=16).err


def test_going_on_with_an_update_never_becomes_a_replacement(course: Course) -> None:
    course.project.hcl(thing("a", value="old"))
    course.project.run("apply", "-auto-approve")
    course.project.hcl(thing("a", value="new", fail="broken"))
    course.project.run("plan", f"-out={PLAN}")
    course.project.run("apply", PLAN, code=12)
    assert course.record("bench.a").status == "incomplete"
    course.project.run("apply", PLAN, code=12)
    assert len(course.world.ever()) == 1
