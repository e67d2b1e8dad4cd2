"""The one ingester: reads what was appended to event files, and takes it in by batches."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from amlplan.history import FINAL, Ingested
from amlplan_state.runs.complaints import NoRightToWriteError
from amlplan_state.runs.database import make_folder
from amlplan_state.runs.events import parse
from amlplan_state.runs.layout import EDGES
from amlplan_state.runs.locks import held, held_if_free
from amlplan_state.runs.sharing import share_log
from amlplan_state.runs.taking import drop, reached, take

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from amlplan_state.runs.connection import Connection, Database
    from amlplan_state.runs.events import Part
    from amlplan_state.runs.layout import Layout
    from amlplan_state.runs.taking import Reached

_CHUNK = 2 * 1024 * 1024
"""Bytes that are parsed at once; a longer line is read all the same."""
_BATCH = 10_000
"""Events per transaction: few enough that nobody waits for long."""


def sync(
    database: Database, layout: Layout, run: str | None, *, wait: bool, timeout: float
) -> Ingested:
    """Take in what was appended since; see TakesEvents.sync."""
    with database.explained():
        if database.is_read_only():
            return Ingested(is_read_only=True)
        make_folder(layout)
        lock: AbstractContextManager[bool | None] = held_if_free(layout.ingest_lock)
        if wait:
            lock = held(layout.ingest_lock, timeout=timeout)
        try:
            with lock as is_held:
                if is_held is False:
                    return Ingested(is_busy=True)
                with database.writing() as connection:
                    return _sync(connection, layout, run)
        except NoRightToWriteError:
            return Ingested(is_read_only=True)


def _sync(connection: Connection, layout: Layout, run: str | None) -> Ingested:
    if run is not None:
        root = layout.root_of(run)
        return read(connection, layout, [root] if root else [], edges=False)
    query = "SELECT id, settled, origin FROM runs WHERE key = root"
    found = connection.execute(query).fetchall()
    known = {root: settled for root, settled, origin in found if origin == connection.origin}
    others = {root for root, _, origin in found if origin != connection.origin}
    roots = layout.roots()  # listed after the query: what is known has its folder since before
    drop(connection, known.keys() - roots)
    due = [root for root in roots if root not in others and not known.get(root)]
    taken = read(connection, layout, due)
    complete = "UPDATE origins SET complete = 1 WHERE key = ? AND complete = 0"
    connection.execute(complete, (connection.origin,))
    return taken


def read(
    connection: Connection, layout: Layout, roots: list[str], *, edges: bool = True
) -> Ingested:
    """Read the files of runs to where they end now, under the lock of the one ingester.

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
    shown = _share_logs(connection, layout, roots)
    settled = [(root,) for root in roots if root in ended and root in shown]
    if settled:
        with connection.transaction():
            connection.executemany("UPDATE runs SET settled = 1 WHERE id = ?", settled)
    return Ingested(events, skipped)


def _share_logs(connection: Connection, layout: Layout, roots: list[str]) -> set[str]:
    """Put the logs of runs that ended where other hosts see them; gives the runs that are done."""
    if layout.shared_logs is None:
        return set(roots)
    ended = _ended(connection).intersection(roots)
    return {root for root in ended if share_log(layout.log(root), layout.shared_logs, root)}


def _ended(connection: Connection) -> set[str]:
    marks = ",".join("?" * len(FINAL))
    query = f"SELECT id FROM runs WHERE settled = 0 AND key = root AND status IN ({marks})"  # noqa: S608
    return {row[0] for row in connection.execute(query, sorted(FINAL))}


def take_file(connection: Connection, layout: Layout, name: str) -> None:
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
