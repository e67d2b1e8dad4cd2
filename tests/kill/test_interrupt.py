"""SIGINT and SIGTERM in the middle of an apply, and what a killed apply leaves running."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from kill.course import expect_soon, thing

if TYPE_CHECKING:
    from pathlib import Path

    from kill.course import Course

APPLY = ("apply", "-auto-approve")


def slow_things(seconds: float, options: dict[str, str] | None = None) -> str:
    slow = thing("a", steps=1, seconds=seconds, options=options or {})
    return slow + thing("b", needs=["bench.a.id"]) + thing("c")


def expect_to_go_on(course: Course, options: dict[str, str] | None = None) -> None:
    """The next apply continues what was interrupted."""
    identities = [item["identity"] for item in course.world.alive()]
    course.project.hcl(slow_things(0, options))
    course.project.run(*APPLY)
    assert len(course.world.ever()) == 3
    assert set(identities) <= {record.identity for record in course.state.records.values()}
    assert course.world.notes().count(f"step0 {course.record('bench.a').identity}") == 1
    course.expect_in_step()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_what_listens_at_once(course: Course, number: signal.Signals) -> None:
    course.project.hcl(slow_things(60))
    with course.process(*APPLY) as process:
        course.wait_until_pending("bench.a", recorded=["bench.c"])
        expect_soon(lambda: bool(course.state.pending["bench.a"].steps))
        started = time.monotonic()
        process.send_signal(number)
        text, _ = process.communicate(timeout=7)
        assert process.returncode == 130
        assert time.monotonic() - started < 4
    assert "Stopping: nothing new is begun." in text
    assert "Interrupted. Resources: 1 added, 0 changed, 0 destroyed." in text
    assert set(course.state.records) == {"bench.c"}
    assert set(course.state.pending) == {"bench.a"}
    expect_to_go_on(course)


@pytest.mark.slow
def test_a_signal_stops_what_is_deaf_in_time(course: Course) -> None:
    course.project.hcl(slow_things(60, {"deaf": "yes"}))
    with course.process(*APPLY) as process:
        course.wait_until_pending("bench.a", recorded=["bench.c"])
        expect_soon(lambda: bool(course.state.pending["bench.a"].steps))
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=8)
        assert process.returncode == 130
        assert 4 < time.monotonic() - started < 7
    assert "Interrupted." in text
    assert set(course.state.pending) == {"bench.a"}
    expect_to_go_on(course, {"deaf": "yes"})


def test_a_second_signal_ends_at_once(course: Course) -> None:
    course.project.hcl(slow_things(60, {"deaf": "yes"}))
    with course.process(*APPLY) as process:
        course.wait_until_pending("bench.a", recorded=["bench.c"])
        expect_soon(lambda: bool(course.state.pending["bench.a"].steps))
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=7)
        assert process.returncode == 130
        assert time.monotonic() - started < 3
    expect_to_go_on(course, {"deaf": "yes"})


@pytest.mark.parametrize("group", [False, True], ids=["process", "group"])
def test_a_kill_leaves_no_child_running(course: Course, tmp_path: Path, *, group: bool) -> None:
    told = tmp_path / "child"
    command = {"child": f"echo $$ > {told}.new; mv {told}.new {told}; sleep 60"}
    course.project.hcl(thing("a", options=command))
    with course.process(*APPLY) as process:
        expect_soon(told.exists)
        child = int(told.read_text())
        assert is_running(child)
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.send_signal(signal.SIGKILL)
        process.wait()
        expect_soon(lambda: not is_running(child))
    course.project.hcl(thing("a"))
    course.project.run(*APPLY)
    course.expect_in_step()


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
