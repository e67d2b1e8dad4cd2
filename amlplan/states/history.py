"""The history of a state: each kept snapshot with who wrote it, and what it changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from amlplan.states.changes import StateChanges, changes_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amlplan.backend import Snapshot
    from amlplan_schemas.state import State

FIRST = "first state"
RECOVERY = "recovery"
"""What a snapshot is called that only wrote down how an interrupted apply had ended."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A snapshot in the history, without what it holds: a history of large states is small.

    `lineage` and `resources` are None where it cannot be read, which `problem` explains.
    `what` is the command that wrote it; `by`, `host` and `at` are None where nobody noted them.
    `plan`, `commit` and `is_complete` are those of an apply. `changes` is None where the snapshot
    before it is not there any more; `forgotten` are those removed whose objects were left alone.
    """

    location: str
    serial: int
    problem: str = ""
    lineage: str | None = None
    resources: int | None = None
    changes: StateChanges | None = None
    forgotten: frozenset[str] = frozenset()
    what: str = ""
    by: str | None = None
    host: str | None = None
    at: str | None = None
    plan: str | None = None
    commit: str | None = None
    is_complete: bool | None = None


def entries_of(snapshots: Iterable[Snapshot]) -> Iterator[Entry]:
    """The history from snapshots, newest first; two of them are in memory at a time."""
    for snapshot, before in pairwise(chain(snapshots, [None])):
        if snapshot is not None:
            yield _entry(snapshot, None if before is None else before.state)


def _entry(snapshot: Snapshot, before: State | None) -> Entry:
    state = snapshot.state
    entry = Entry(snapshot.location, snapshot.serial, snapshot.problem)
    if state is None:
        return entry
    entry = replace(entry, lineage=state.lineage, resources=len(state.records))
    is_first = before is None and state.serial == 1 and not state.records
    changes = StateChanges() if is_first else None
    if before is not None:
        changes = changes_between(before, state)
    removed = frozenset(changes.removed if changes is not None else ())
    entry = replace(entry, changes=changes)
    if state.edit is not None:
        edit = state.edit
        entry = replace(entry, forgotten=removed, what=edit.command)
        return replace(entry, by=edit.by, host=edit.host, at=edit.at)
    applied = state.applied
    if applied is None or (before is not None and before.applied == applied):
        return replace(entry, what=FIRST if is_first else RECOVERY)
    return replace(
        entry,
        forgotten=removed & frozenset(applied.forgotten),
        what="apply",
        by=applied.by,
        host=applied.host,
        at=applied.at,
        plan=applied.plan,
        commit=applied.commit,
        is_complete=applied.complete,
    )
