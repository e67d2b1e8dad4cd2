"""Tasks: what changed between two looks, and which apply can be ended from here."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.backend import Holder, LockStatus
from amlplan.cli.text.tasks import in_order, tasks_table
from amlplan.cli.watched_tasks import Changes, wanted_of
from amlplan.errors import PlanError
from amlplan.project.canceled_task import cancel_apply, is_apply
from amlplan.project.task import Task
from amlplan.project.task_applies import apply_tasks

if TYPE_CHECKING:
    from collections.abc import Iterable

RUN = Task("r1", "run", "train", "Running", is_active=True, started=10.0)
MEMBER = Task("r2", "run", "train", "Running", is_active=True, parent="g")
GRID = Task("g", "grid", "train", "Running", is_active=True)
HOLDER = Holder("ana", socket.gethostname(), os.getpid(), "2026-01-01T00:00:00+00:00", "apply")


class Backend:
    """A backend whose lock is held, or not."""

    def __init__(self, status: LockStatus) -> None:
        self.status = status

    def lock_status(self) -> LockStatus:
        return self.status


def kinds(changes: Changes, tasks: Iterable[Task]) -> list[tuple[str, str]]:
    return [(change.type, change.task.phase) for change in changes.between(tasks)]


def test_each_change_is_told_once() -> None:
    changes = Changes()
    assert kinds(changes, [RUN]) == [("task_start", "Running")]
    assert kinds(changes, [RUN]) == []
    news = replace(RUN, progress="loss = 1")
    assert kinds(changes, [news]) == [("task_progress", "Running")]
    ended = replace(RUN, phase="Failed", is_active=False)
    assert kinds(changes, [ended]) == [("task_end", "Failed")]
    assert kinds(changes, [ended]) == []


def test_what_ended_before_the_first_look_is_no_news() -> None:
    assert kinds(Changes(), [replace(RUN, is_active=False)]) == []


def test_a_task_that_is_gone_has_ended() -> None:
    changes = Changes()
    assert kinds(changes, [RUN, GRID])
    assert kinds(changes, [GRID]) == [("task_end", "Over")]


def test_members_stand_below_what_they_belong_to() -> None:
    assert in_order([MEMBER, RUN, GRID]) == [RUN, GRID, MEMBER]
    assert in_order([MEMBER]) == [MEMBER]
    assert "  r2" in tasks_table([MEMBER, RUN, GRID], 20.0)


def test_a_name_means_an_id_or_its_beginning_with_what_belongs_to_it() -> None:
    assert wanted_of([RUN, GRID, MEMBER], "g") == [GRID, MEMBER]
    assert wanted_of([RUN, GRID, MEMBER], "r") == [RUN, MEMBER]
    assert wanted_of([RUN], None) == [RUN]
    assert wanted_of([RUN], "x") == []


def test_who_holds_the_lock_is_a_task_also_without_an_operation() -> None:
    (task,) = apply_tasks(LockStatus(is_held=True, holder=HOLDER), None, with_ended=True)
    assert (task.phase, task.by, task.started) == ("Holding the lock", "ana", 1767225600.0)
    (unknown,) = apply_tasks(LockStatus(is_held=True), None, with_ended=False)
    assert "did not say" in unknown.name


@pytest.mark.parametrize(
    ("holder", "what"),
    [
        (None, "not known who applies"),
        (replace(HOLDER, host="elsewhere"), "signals reach this host only"),
        (replace(HOLDER, host="elsewhere", url="https://ci/1"), "cancel the job at https://ci/1"),
    ],
)
def test_an_apply_that_cannot_be_asked_is_told_of(holder: Holder | None, what: str) -> None:
    backend: Any = Backend(LockStatus(is_held=True, holder=holder))
    with pytest.raises(PlanError) as told:
        cancel_apply(backend)
    assert what in str(told.value)


def test_an_apply_of_another_user_is_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    backend: Any = Backend(LockStatus(is_held=True, holder=HOLDER))
    with pytest.raises(PlanError, match="a process of ana's"):
        cancel_apply(backend)


def test_nobody_is_ended_where_nobody_applies() -> None:
    free: Any = Backend(LockStatus(is_held=False, holder=HOLDER))
    assert cancel_apply(free) is None
    assert cancel_apply(None) is None
    assert is_apply("apply/bench.a")
    assert not is_apply("apply_1700000000_00000000")
