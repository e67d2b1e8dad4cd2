"""What the SQL of histories needs of a database: the same statements run on SQLite and PostgreSQL.

Statements are written with `?` for a value, or `?1`, `?2` where one is used more than once, and in
what both know: a column that is called as a word of SQL is quoted, a column that a statement may
update is named with its table, and a condition names no column that it computes itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from amlplan.history import Ingested

Row = tuple[Any, ...]


class Rows(Protocol):
    """What a statement gave."""

    def fetchone(self) -> Any:
        """The next row, None where there is none."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """An open database, for one thread; outside of a transaction each statement is one.

    `origin` is the key of the folder of runs for which it was opened.
    """

    @property
    def origin(self) -> int:
        """The key of the folder whose event files this process takes in; -1 for none yet."""
        ...

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Rows:
        """Run a statement."""
        ...

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement for each row; the rows may be made by statements on this connection."""
        ...

    def add_metrics(self, rows: Iterable[Row]) -> None:
        """Add rows of the table of metrics, all columns in their order, fast."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction that may write from its beginning; of one history one runs at a time."""
        ...

    def number_transaction(self) -> AbstractContextManager[None]:
        """A short transaction that gives out a number: durable when it ends, waits for few."""
        ...


class Database(Protocol):
    """Where the view over the event files of a workspace is kept; all raises HistoryError."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for reading, which waits for nobody."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection for transactions of one's own; makes the tables where they are missing."""
        ...

    def is_read_only(self) -> bool:
        """Whether this process may only read what others took in."""
        ...

    def explained(self) -> AbstractContextManager[None]:
        """Turn failures of the database and of files into HistoryErrors."""
        ...

    def rebuild(self) -> Ingested:
        """Make all again that came from the event files of this workspace's folder."""
        ...
