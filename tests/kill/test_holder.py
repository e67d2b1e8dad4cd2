"""Who holds the lock is stopped, or its lock file is deleted: nobody else gets in meanwhile."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from kill.course import expect_soon, thing

if TYPE_CHECKING:
    from kill.course import Course

APPLY = ("apply", "-auto-approve")
GATE = {"child": "while [ ! -e $AMLPLAN_BENCH_WORLD/open ]; do sleep 0.05; done"}


def gated(value: str) -> str:
    """Two things, of which the first waits until the gate is open."""
    return thing("a", value=value, options=GATE) + thing("b", value=value, needs=["bench.a.id"])


def open_gate(course: Course) -> None:
    course.world.folder.mkdir(exist_ok=True)
    (course.world.folder / "open").touch()


def test_a_stopped_holder_goes_on_and_the_one_that_waits_after_it(course: Course) -> None:
    course.project.hcl(gated("it"))
    with course.process(*APPLY) as first:
        course.wait_until_pending("bench.a")
        first.send_signal(signal.SIGSTOP)
        open_gate(course)
        refused = course.project.run(*APPLY, "-lock-timeout=1s", code=14)
        assert f"process {first.pid}" in refused.err
        with course.process(*APPLY, "-lock-timeout=60s") as second:
            time.sleep(1)
            assert second.poll() is None
            assert set(course.state.pending) == {"bench.a"}
            first.send_signal(signal.SIGCONT)
            assert "2 added" in first.communicate(timeout=30)[0]
            waited = second.communicate(timeout=30)[0]
        assert (first.returncode, second.returncode) == (0, 0), waited
        assert "No changes." in waited
    assert len(course.world.ever()) == 2
    course.expect_in_step()


def test_a_holder_killed_while_it_is_stopped_lets_the_next_one_recover(course: Course) -> None:
    course.project.hcl(gated("it"))
    with course.process(*APPLY) as first:
        course.wait_until_pending("bench.a")
        first.send_signal(signal.SIGSTOP)
        open_gate(course)
        with course.process(*APPLY, "-lock-timeout=60s") as second:
            time.sleep(1)
            assert second.poll() is None
            first.kill()
            text = second.communicate(timeout=30)[0]
            assert second.returncode == 0, text
    assert len(course.world.ever()) == 2
    course.expect_in_step()


@pytest.mark.parametrize("times", [1, 3])
def test_a_lock_file_deleted_under_its_holder_lets_nobody_in(course: Course, times: int) -> None:
    course.project.hcl(gated("it"))
    lock = course.project.root / "amlplan.state.json.lock"
    with course.process(*APPLY) as first:
        course.wait_until_pending("bench.a")
        for _ in range(times):
            lock.unlink()
            course.project.run(*APPLY, code=14)
            assert "2 to add" in course.project.run("plan").out
        with course.process(*APPLY, "-lock-timeout=60s") as second:
            time.sleep(0.5)
            lock.unlink(missing_ok=True)
            assert second.poll() is None
            open_gate(course)
            assert "2 added" in first.communicate(timeout=30)[0]
            assert "No changes." in second.communicate(timeout=30)[0]
    assert len(course.world.ever()) == 2
    course.expect_in_step()


def test_a_child_that_is_deaf_does_not_outlive_a_killed_apply(course: Course) -> None:
    told = course.project.root.parent / "child"
    deaf = f"trap '' TERM INT HUP; echo $$ > {told}.new; mv {told}.new {told}; sleep 60; sleep 60"
    course.project.hcl(thing("a", options={"child": deaf}))
    with course.process(*APPLY) as process:
        expect_soon(told.exists)
        process.kill()
        process.wait()
    child = int(told.read_text())
    expect_soon(lambda: not is_there(child), seconds=15)
    course.project.hcl(thing("a"))
    course.project.run(*APPLY)
    course.expect_in_step()


def is_there(process: int) -> bool:
    from amlplan.processes import mark_of

    return mark_of(process) is not None
