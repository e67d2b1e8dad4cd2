"""Makes the SQLite database again: a new file beside the old one, whose content it takes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from amlplan.history import Ingested
from amlplan_state.runs import database
from amlplan_state.runs.complaints import explained
from amlplan_state.runs.database import connect, finish, make, put_in_place
from amlplan_state.runs.ingesting import read
from amlplan_state.runs.locks import held

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan_state.runs.layout import Layout

REBUILD_SECONDS = 600.0


def rebuild(layout: Layout) -> Ingested:
    """Make the database again from all files; see TakesEvents.rebuild."""
    with explained(layout.history):
        database.make_folder(layout)
        with held(layout.ingest_lock, timeout=REBUILD_SECONDS):
            new = layout.history / "history.sqlite.new"
            connection = make(new)
            try:
                first = read(connection, layout, layout.roots())
                # Who creates a run or appends to one waits for this short last look.
                with held(layout.write_lock, timeout=REBUILD_SECONDS):
                    last = read(connection, layout, layout.roots())
                    _keep_numbers(connection, layout)
                    connection.execute("UPDATE runs SET settled = 0")
                    connection.execute("UPDATE origins SET complete = 1")
                    finish(connection, new)
                    _replace(new, layout)
            finally:
                connection.close()
                database.remove(new)
    return Ingested(first.events + last.events, first.skipped + last.skipped)


def _keep_numbers(connection: sqlite3.Connection, layout: Layout) -> None:
    """Go on counting where the old database was, so that no number is given twice."""
    try:
        old = connect(layout.database)
        with closing(old):
            numbers = old.execute("SELECT history, last FROM numbers").fetchall()
    except sqlite3.Error:
        return
    connection.executemany(
        "INSERT INTO numbers VALUES (?, ?) ON CONFLICT (history) DO UPDATE SET "
        "last = max(numbers.last, excluded.last)",
        numbers,
    )


def _replace(new: Path, layout: Layout) -> None:
    """Put the new content in the place of the old in one transaction, that readers go on.

    Where the old file is no database any more, nobody can be reading it, and it is replaced.
    """
    try:
        with closing(connect(new, "mode=ro")) as source, closing(connect(layout.database)) as old:
            old.execute("SELECT count(*) FROM sqlite_schema")
            source.backup(old)
    except sqlite3.OperationalError as failure:
        if failure.sqlite_errorname != "SQLITE_CANTOPEN":
            raise
        put_in_place(new, layout)
    except sqlite3.DatabaseError:
        put_in_place(new, layout)
