"""A world that does not answer while an interrupted apply is recovered from."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from kill.course import thing

if TYPE_CHECKING:
    from kill.course import Course

APPLY = ("apply", "-auto-approve")
WHY = "an interrupted operation cannot be settled: the world does not answer"


def kill_while_creating(course: Course) -> None:
    """Leave bench.a with an intent, and a half-made object perhaps; bench.b leans on it."""
    rest = thing("b", needs=["bench.a.id"]) + thing("c")
    course.project.hcl(thing("a", steps=1, seconds=30) + rest)
    with course.process(*APPLY) as process:
        course.wait_until_pending("bench.a", recorded=["bench.c"])
        process.send_signal(signal.SIGKILL)
    course.project.hcl(thing("a", steps=1) + rest)


def test_an_open_intent_blocks_its_address_and_what_leans_on_it(course: Course) -> None:
    kill_while_creating(course)
    more = (course.project.root / "main.hcl").read_text() + thing("d", needs=["bench.c.id"])
    course.project.hcl(more)
    course.world.silence("bench.a")
    planned = course.project.run("plan")
    assert WHY in planned.out
    result = course.project.run(*APPLY, code=12)
    assert "Blocked: bench.a, bench.b." in result.err
    assert set(course.state.pending) == {"bench.a"}
    assert set(course.state.records) == {"bench.c", "bench.d"}
    course.project.run(*APPLY, code=12)
    course.world.answer()
    course.project.run(*APPLY)
    assert len(course.world.ever()) == 4
    course.expect_in_step()


def test_everything_silent_leaves_everything_as_it_is(course: Course) -> None:
    kill_while_creating(course)
    course.world.silence()
    before = course.state
    course.project.run(*APPLY, code=12)
    after = course.state
    assert (after.records, after.pending) == (before.records, before.pending)
    course.world.answer()
    course.project.run(*APPLY)
    assert len(course.world.ever()) == 3
    course.expect_in_step()


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_an_open_intent_is_not_forgotten_with_its_block(course: Course, command: str) -> None:
    kill_while_creating(course)
    course.project.hcl("")
    course.world.silence("bench.a")
    result = course.project.run(command, "-auto-approve", code=12)
    assert WHY in result.out
    assert "Blocked: bench.a." in result.err
    assert set(course.state.pending) == {"bench.a"}
    course.world.answer()
    course.project.run(command, "-auto-approve")
    assert course.alive() == {}
    assert not course.state.pending
    assert not course.state.records


def test_what_an_open_intent_leans_on_is_not_deleted_under_it(course: Course) -> None:
    course.project.hcl(thing("base"))
    course.project.run(*APPLY)
    needs = thing("base") + thing("a", seconds=30, needs=["bench.base.id"])
    course.project.hcl(needs)
    with course.process(*APPLY) as process:
        course.wait_until_pending("bench.a")
        process.send_signal(signal.SIGKILL)
    course.world.silence("bench.a")
    result = course.project.run("destroy", "-auto-approve", code=12)
    assert "bench.base: bench.a is blocked" in result.out
    assert set(course.state.records) == {"bench.base"}
    course.world.answer()
    course.project.run("destroy", "-auto-approve")
    assert course.alive() == {}
