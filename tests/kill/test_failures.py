"""Creates, updates and deletes that fail: what is recorded, and what the next apply does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kill.course import thing

if TYPE_CHECKING:
    from kill.course import Course

APPLY = ("apply", "-auto-approve")


@pytest.mark.parametrize("fail", ["before", "crash before"])
def test_a_create_that_made_nothing_leaves_no_record(course: Course, fail: str) -> None:
    course.project.hcl(thing("a", fail=fail) + thing("b"))
    course.project.run(*APPLY, code=12)
    assert set(course.state.records) == {"bench.b"}
    assert not course.state.pending
    course.project.hcl(thing("a") + thing("b"))
    course.project.run(*APPLY)
    assert len(course.world.ever()) == 2
    course.expect_in_step()


@pytest.mark.parametrize("fail", ["after", "crash after", "broken"])
def test_a_create_that_failed_after_all_is_tainted_and_replaced(course: Course, fail: str) -> None:
    course.project.hcl(thing("a", fail=fail, steps=1))
    result = course.project.run(*APPLY, code=12)
    record = course.record("bench.a")
    assert (record.status, course.state.pending) == ("tainted", {})
    word = {"after": "Told to fail", "crash after": "failed unexpectedly"}.get(fail, "promise")
    assert word in result.err
    course.project.hcl(thing("a", steps=1))
    again = course.project.run(*APPLY)
    assert "1 added, 0 changed, 1 destroyed" in again.out
    assert course.record("bench.a").identity != record.identity
    assert len(course.world.ever()) == 2
    course.expect_in_step()


def test_a_create_that_failed_half_way_goes_on(course: Course) -> None:
    course.project.hcl(thing("a", fail="step0", steps=2))
    course.project.run(*APPLY, code=12)
    record = course.record("bench.a")
    assert (record.status, set(record.steps)) == ("incomplete", {"step0"})
    course.project.hcl(thing("a", steps=2))
    course.project.run(*APPLY)
    assert course.record("bench.a").identity == record.identity
    assert course.world.notes().count(f"step0 {record.identity}") == 1
    assert len(course.world.ever()) == 1
    course.expect_in_step()


def test_a_second_failure_of_a_half_made_object_forgets_nothing(course: Course) -> None:
    course.project.hcl(thing("a", fail="step0", steps=2))
    course.project.run(*APPLY, code=12)
    course.project.hcl(thing("a", fail="before", steps=2))
    course.project.run(*APPLY, code=12)
    assert set(course.record("bench.a").steps) == {"step0"}
    course.project.hcl(thing("a", steps=2))
    course.project.run(*APPLY)
    assert len(course.world.ever()) == 1
    course.expect_in_step()


def test_a_half_made_object_of_another_shape_is_removed_before(course: Course) -> None:
    course.project.hcl(thing("a", fail="step0", steps=2))
    course.project.run(*APPLY, code=12)
    course.project.hcl(thing("a", steps=2, shape="square"))
    course.project.run(*APPLY)
    assert len(course.world.ever()) == 2
    course.expect_in_step()


def test_an_update_that_failed_is_done_again(course: Course) -> None:
    course.project.hcl(thing("a", value="old"))
    course.project.run(*APPLY)
    course.project.hcl(thing("a", value="new", fail="after"))
    course.project.run(*APPLY, code=12)
    record = course.record("bench.a")
    assert (record.status, record.inputs.values["value"]) == ("incomplete", "old")
    course.project.hcl(thing("a", value="old"))
    course.project.run(*APPLY)
    assert course.alive() == {"bench.a": "old"}
    assert len(course.world.ever()) == 1
    course.expect_in_step()


def test_an_update_with_broken_outputs_is_done_again_in_place(course: Course) -> None:
    course.project.hcl(thing("a", value="old"))
    course.project.run(*APPLY)
    course.project.hcl(thing("a", value="new", fail="broken"))
    course.project.run(*APPLY, code=12)
    assert course.record("bench.a").status == "incomplete"
    course.project.hcl(thing("a", value="new"))
    course.project.run(*APPLY)
    assert len(course.world.ever()) == 1
    course.expect_in_step()


def test_a_delete_that_failed_keeps_its_record(course: Course) -> None:
    course.project.hcl(thing("a") + thing("b", fail="delete", needs=["bench.a.id"]))
    course.project.run(*APPLY)
    result = course.project.run("destroy", "-auto-approve", code=12)
    assert set(course.state.records) == {"bench.a", "bench.b"}
    assert "bench.a: not begun, because bench.b failed" in result.all
    course.project.hcl(thing("a") + thing("b", needs=["bench.a.id"]))
    course.project.run(*APPLY)
    course.project.run("destroy", "-auto-approve")
    assert course.alive() == {}
    assert course.state.records == {}


def test_a_failure_skips_what_leans_on_it_and_nothing_else(course: Course) -> None:
    def blocks(fail: str) -> str:
        return "".join(
            (
                thing("a", fail=fail),
                thing("b", needs=["bench.a.id"]),
                thing("c", needs=["bench.b.id"]),
                thing("d", seconds=0.2),
                thing("e", needs=["bench.d.id"]),
            )
        )

    course.project.hcl(blocks("before"))
    result = course.project.run(*APPLY, code=12)
    assert set(course.state.records) == {"bench.d", "bench.e"}
    assert "bench.b: not begun, because bench.a failed" in result.all
    assert "Apply failed. Resources: 2 added, 0 changed, 0 destroyed." in result.err
    course.project.hcl(blocks(""))
    course.project.run(*APPLY)
    course.expect_in_step()


def test_a_create_in_a_world_that_falls_silent_stays_open(course: Course) -> None:
    silence = {"child": "touch $AMLPLAN_BENCH_WORLD/unreachable"}
    course.project.hcl(thing("a", fail="after", options=silence) + thing("b"))
    course.project.run(*APPLY, code=12)
    assert set(course.state.pending) == {"bench.a"}
    course.project.run(*APPLY, code=12)
    assert set(course.state.pending) == {"bench.a"}
    course.world.answer()
    result = course.project.run(*APPLY, code=None)
    assert "its object was made and is recorded now" in result.all
    assert len(course.world.ever()) == 2
    course.expect_in_step()
