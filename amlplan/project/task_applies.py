"""Applies and their operations as tasks: who holds the state's lock, and what the journal says."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from amlplan.addresses import block_type_of
from amlplan.project.task import Task
from amlplan.wording import counted, few

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.backend import LockStatus
    from amlplan.project.task import TaskKind
    from amlplan_schemas.state import Intent, State

APPLY = "apply"
INTERRUPTED = "Interrupted"
_KINDS: dict[str, TaskKind] = {
    "environment": "build",
    "image": "build",
    "deployment": "deployment",
}
_PHASES = {"create": "Creating", "update": "Modifying", "delete": "Destroying"}


def apply_tasks(
    status: LockStatus | None, state: State | None, *, with_ended: bool
) -> Iterator[Task]:
    """The command that holds the state's lock, with the operations that it began.

    An apply that was interrupted is there too, until another one goes on with it.
    """
    pending = dict(state.pending) if state is not None else {}
    is_held = status is not None and status.is_held
    if is_held or pending:
        yield _holding(status, pending) if is_held and status is not None else _left(pending)
        for intent in pending.values():
            yield _operation(intent, is_active=is_held)
    if with_ended and state is not None and state.applied is not None:
        yield _last(state)


def _holding(status: LockStatus, pending: dict[str, Intent]) -> Task:
    holder = status.holder
    under_way = counted(len(pending), "operation")
    return Task(
        id=APPLY,
        kind="apply",
        name=holder.command if holder is not None else "of somebody who did not say",
        phase="Applying" if pending else "Holding the lock",
        is_active=True,
        progress=f"{under_way} under way: {few(sorted(pending))}" if pending else "",
        started=None if holder is None else _moment(holder.since),
        by="" if holder is None else holder.user,
        host="" if holder is None else holder.host,
    )


def _left(pending: dict[str, Intent]) -> Task:
    return Task(
        id=APPLY,
        kind="apply",
        name="apply",
        phase=INTERRUPTED,
        is_active=False,
        progress=f"{counted(len(pending), 'operation')} without outcome; amlplan apply goes on",
    )


def _operation(intent: Intent, *, is_active: bool) -> Task:
    done = list(intent.steps)
    return Task(
        id=f"{APPLY}/{intent.address}",
        kind=_KINDS.get(block_type_of(intent.draft.kind), "operation"),
        name=intent.address,
        phase=_PHASES[intent.action] if is_active else INTERRUPTED,
        is_active=is_active,
        progress=f"{counted(len(done), 'step')} done, the last: {done[-1]}" if done else "",
        parent=APPLY,
    )


def _last(state: State) -> Task:
    applied = state.applied
    assert applied is not None  # noqa: S101 - the caller looked
    return Task(
        id=f"{APPLY}:{applied.plan[:12]}",
        kind="apply",
        name="apply",
        phase="Completed" if applied.complete else "Failed",
        is_active=False,
        ended=_moment(applied.at),
        by=applied.by,
        host=applied.host,
    )


def _moment(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
