"""Creates runs: a number that nobody else gets, and a first event, both durable."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from amlplan.history import RunSummary
from amlplan_state.runs import complaints
from amlplan_state.runs.appending import append
from amlplan_state.runs.database import sync_folder
from amlplan_state.runs.texts import stored

if TYPE_CHECKING:
    from amlplan.history import RunDraft
    from amlplan_state.runs.connection import Connection
    from amlplan_state.runs.layout import Layout

_LONGEST = 100
_HISTORY = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}")
"""HISTORY_PATTERN of the schemas, whose import every run would pay for."""


def check_history(name: str) -> None:
    """Raise HistoryError for a name that Azure ML would refuse too."""
    if not _HISTORY.fullmatch(name):
        raise complaints.bad_history(name)


def new_id(history: str, now: float) -> str:
    """The id of a run: its history, the second, and chance."""
    return f"{history[:_LONGEST]}_{int(now)}_{os.urandom(4).hex()}"


def next_number(connection: Connection, history: str) -> int:
    """Take the next number of a history, for good: where its run never comes, it is skipped."""
    with connection.number_transaction():
        found = connection.execute(
            "INSERT INTO numbers VALUES (?, 1) "
            "ON CONFLICT (history) DO UPDATE SET last = numbers.last + 1 RETURNING last",
            (stored(history),),
        ).fetchone()
    return int(found[0])


def write_first_event(layout: Layout, run_id: str, number: int, draft: RunDraft) -> RunSummary:
    """Make the run's folder and its first event; raises OSError, HistoryError."""
    folder = layout.events(run_id)
    folder.mkdir(parents=True)
    now = time.time()
    event = {
        "type": "run",
        "id": run_id,
        "number": number,
        "history": draft.history,
        "name": draft.name,
        "workspace": draft.workspace,
        "parent": draft.parent,
        "definition": dict(draft.definition),
        "by": draft.by,
        "host": draft.host,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
    }
    append(layout.control(run_id), event, moment=now)
    for made in (folder.parent, layout.runs, layout.folder):
        sync_folder(made)
    return RunSummary(
        id=run_id,
        number=number,
        history=draft.history,
        name=draft.name,
        status="NotStarted",
        created=now,
        parent=draft.parent,
        by=draft.by,
        host=draft.host,
    )
