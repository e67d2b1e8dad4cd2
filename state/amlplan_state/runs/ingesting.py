"""The one ingester: reads what was appended to event files, and takes it in by batches."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from amlplan.history import FINAL, Ingested
from amlplan_state.runs import database
from amlplan_state.runs.complaints import explained
from amlplan_state.runs.database import connect, finish, make, put_in_place, transaction, writing
from amlplan_state.runs.events import parse
from amlplan_state.runs.layout import EDGES
from amlplan_state.runs.locks import held, held_if_free
from amlplan_state.runs.taking import drop, reached, take

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from amlplan_state.runs.events import Part
    from amlplan_state.runs.layout import Layout
    from amlplan_state.runs.taking import Reached

_CHUNK = 2 * 1024 * 1024
"""Bytes that are parsed at once; a longer line is read all the same."""
_BATCH = 10_000
"""Events per transaction: few enough that nobody waits for long."""
_REBUILD_SECONDS = 600.0


def sync(layout: Layout, run: str | None, *, wait: bool, timeout: float) -> Ingested:
    """Take in what was appended since; see TakesEvents.sync."""
    with explained(layout.history):
        if database.is_read_only(layout):
            return Ingested(is_read_only=True)
        database.make_folder(layout)
        lock: AbstractContextManager[bool | None] = held_if_free(layout.ingest_lock)
        if wait:
            lock = held(layout.ingest_lock, timeout=timeout)
        with lock as is_held:
            if is_held is False:
                return Ingested(is_busy=True)
            with writing(layout) as connection:
                return _sync(connection, layout, run)


def _sync(connection: sqlite3.Connection, layout: Layout, run: str | None) -> Ingested:
    if run is not None:
        root = layout.root_of(run)
        return _read(connection, layout, [root] if root else [], edges=False)
    query = "SELECT id, settled FROM runs WHERE key = root"
    known = dict(connection.execute(query).fetchall())
    roots = layout.roots()  # listed after the query: what is known has its folder since before
    drop(connection, known.keys() - roots)
    taken = _read(connection, layout, [root for root in roots if not known.get(root)])
    connection.execute("UPDATE meta SET complete = 1 WHERE complete = 0")
    return taken


def _read(
    connection: sqlite3.Connection, layout: Layout, roots: list[str], *, edges: bool = True
) -> Ingested:
    """Read the files of runs to where they end now.

    A run is settled, and not looked at again, where it had ended before its files were listed:
    then all that its processes wrote before its end is in.
    """
    ended = _ended(connection)
    names = [name for root in roots for name in layout.names(root)] + [EDGES] * edges
    events = skipped = 0
    for batch in _batches(layout, names, reached(connection, names)):
        taken = take(connection, batch)
        events += taken.events
        skipped += taken.skipped
    settled = [(root,) for root in roots if root in ended]
    if settled:
        with transaction(connection):
            connection.executemany("UPDATE runs SET settled = 1 WHERE id = ?", settled)
    return Ingested(events, skipped)


def _ended(connection: sqlite3.Connection) -> set[str]:
    marks = ",".join("?" * len(FINAL))
    query = f"SELECT id FROM runs WHERE settled = 0 AND key = root AND status IN ({marks})"  # noqa: S608
    return {row[0] for row in connection.execute(query, sorted(FINAL))}


def take_file(connection: sqlite3.Connection, layout: Layout, name: str) -> None:
    """Take in what was appended to one file; safe beside the ingester."""
    for batch in _batches(layout, [name], reached(connection, [name])):
        take(connection, batch)


def _batches(
    layout: Layout, names: Iterable[str], known: dict[str, Reached]
) -> Iterator[list[Part]]:
    batch: list[Part] = []
    size = 0
    for name in names:
        for part in _parts(layout.file(name), name, known[name]):
            batch.append(part)
            size += part.events + part.skipped
            if size >= _BATCH:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _parts(path: Path, name: str, begin: Reached) -> Iterator[Part]:
    """What is in a file from there to its end of now, as far as its lines are whole."""
    start, clock = begin
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        end = os.fstat(descriptor).st_size
        rest = b""
        file.seek(start)
        while start + len(rest) < end:
            read = file.read(min(_CHUNK, end - start - len(rest)))
            if not read:
                return
            whole = rest + read
            cut = whole.rfind(b"\n") + 1
            if cut:
                part = parse(name, start, whole[:cut], clock)
                clock = part.clock
                yield part
            start += cut
            rest = whole[cut:]


def rebuild(layout: Layout) -> Ingested:
    """Make the database again from all files; see TakesEvents.rebuild."""
    with explained(layout.history):
        database.make_folder(layout)
        with held(layout.ingest_lock, timeout=_REBUILD_SECONDS):
            new = layout.history / "history.sqlite.new"
            connection = make(new)
            try:
                first = _read(connection, layout, layout.roots())
                # Who creates a run or appends to one waits for this short last look.
                with held(layout.write_lock, timeout=_REBUILD_SECONDS):
                    last = _read(connection, layout, layout.roots())
                    _keep_numbers(connection, layout)
                    connection.execute("UPDATE runs SET settled = 0")
                    connection.execute("UPDATE meta SET complete = 1")
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
        "last = max(last, excluded.last)",
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
