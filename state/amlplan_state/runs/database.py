"""Opens the SQLite database: makes it where it is missing, refuses what is not ours.

A connection lives for one operation, so that a database put in its place is seen by the next.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amlplan_state.runs import complaints
from amlplan_state.runs.complaints import explained
from amlplan_state.runs.locks import held
from amlplan_state.runs.tables import FIRST, FORMAT, SQLITE, steps_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from amlplan_state.runs.connection import Row
    from amlplan_state.runs.layout import Layout

BUSY_SECONDS = 60.0
"""How long one waits for another's transaction; each takes a fraction of a second."""
_BESIDE = ("-wal", "-shm", "-journal")


class SqliteConnection(sqlite3.Connection):
    """A Connection; the folder of runs around the database is the only one there is."""

    origin = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Have the right to write from its beginning, so that it never fails late."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.in_transaction:  # a full disk has ended it already
                self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    @contextmanager
    def number_transaction(self) -> Iterator[None]:
        """A transaction that a power loss does not undo, or a number would be given out again."""
        self.execute("PRAGMA synchronous = FULL")
        with self.transaction():
            yield
        self.execute("PRAGMA synchronous = NORMAL")

    def add_metrics(self, rows: Iterable[Row]) -> None:
        """Add rows of the table of metrics."""
        self.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def is_read_only(layout: Layout) -> bool:
    """Whether there is a database that this process may only read."""
    return layout.database.exists() and not os.access(layout.history, os.W_OK)


@contextmanager
def reading(layout: Layout) -> Iterator[SqliteConnection]:
    """A connection for reading, which waits for nobody; raises HistoryError."""
    with explained(layout.database):
        if is_read_only(layout):
            connection = _connect_without_writing(layout.database)
        else:
            _make_where_missing(layout)
            connection = connect(layout.database)
        with _closed(connection):
            check_format(connection, layout.database)
            yield connection


@contextmanager
def writing(layout: Layout) -> Iterator[SqliteConnection]:
    """A connection for transactions of one's own; raises HistoryError."""
    with explained(layout.database):
        _make_where_missing(layout)
        with _closed(connect(layout.database)) as connection:
            check_format(connection, layout.database)
            yield connection


def connect(path: Path, options: str = "mode=rw") -> SqliteConnection:
    """A connection to a database that is there."""
    name = path.absolute().as_uri()
    connection = sqlite3.connect(
        f"{name}?{options}",
        timeout=BUSY_SECONDS,
        isolation_level=None,
        uri=True,
        check_same_thread=False,
        factory=SqliteConnection,
    )
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def make(path: Path) -> SqliteConnection:
    """A new database without runs, to be put in its place later; what has its name is removed."""
    remove(path)
    connection = sqlite3.connect(path, isolation_level=None, factory=SqliteConnection)
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA synchronous = OFF")  # a kill leaves nothing to keep
    for _, statements in steps_from(0, SQLITE):
        connection.executescript(statements)
    connection.execute("INSERT INTO meta VALUES (?)", (FORMAT,))
    connection.execute("INSERT INTO origins VALUES (0, '', '', 0)")
    return connection


def finish(connection: sqlite3.Connection, path: Path) -> None:
    """Close a new database as one file that is durable but for its name."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_in_place(new: Path, layout: Layout) -> None:
    """Make a new database the current one, where that is none any more."""
    with held(layout.place_lock, timeout=BUSY_SECONDS):
        _put_in_place(new, layout)


def _put_in_place(new: Path, layout: Layout) -> None:
    for suffix in _BESIDE:  # a log of the old one must not be played into the new one
        layout.database.with_name(layout.database.name + suffix).unlink(missing_ok=True)
    new.replace(layout.database)
    sync_folder(layout.history)


def remove(path: Path) -> None:
    """Remove a database and what lies beside it."""
    for suffix in ("", *_BESIDE):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def make_folder(layout: Layout) -> None:
    """Make the folder of the history where it is missing, durably; raises OSError."""
    if not layout.history.is_dir():
        layout.history.mkdir(parents=True, exist_ok=True)
        sync_folder(layout.folder)


def sync_folder(path: Path) -> None:
    """Return when the names in a folder are on the medium."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Raise HistoryError for a database that is not ours, or is of another format.

    One of a format that can be brought up to date is, where it may be written.
    """
    try:
        found = connection.execute("SELECT format FROM meta").fetchone()
    except sqlite3.OperationalError as failure:
        if "no such" not in str(failure):
            raise
        found = None
    if found is None or not isinstance(found[0], int):
        raise complaints.damaged(path, "is no history of runs")
    if found[0] > FORMAT:
        raise complaints.newer(path, found[0], FORMAT)
    if found[0] < FIRST:
        raise complaints.older(path, found[0], FORMAT)
    if found[0] < FORMAT:
        _bring_up_to_date(connection)


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Take the steps to the format of today, all or none; another process may have, meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        (found,) = connection.execute("SELECT format FROM meta").fetchone()
        for number, statements in steps_from(found, SQLITE):
            for statement in filter(str.strip, statements.split(";")):
                connection.execute(statement)
            connection.execute("UPDATE meta SET format = ?", (number,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _is_missing(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True


def _make_where_missing(layout: Layout) -> None:
    if not _is_missing(layout.database):
        return
    make_folder(layout)
    with held(layout.place_lock, timeout=BUSY_SECONDS):
        if _is_missing(layout.database):
            new = layout.history / "history.sqlite.first"
            finish(make(new), new)
            _put_in_place(new, layout)


def _connect_without_writing(path: Path) -> SqliteConnection:
    """A connection where nothing may be written, not even what connections share."""
    log = path.with_name(path.name + "-wal")
    is_whole = not log.exists() or log.stat().st_size == 0
    return connect(path, "mode=ro&immutable=1" if is_whole else "mode=ro")


@contextmanager
def _closed(connection: SqliteConnection) -> Iterator[SqliteConnection]:
    try:
        yield connection
    finally:
        connection.close()
