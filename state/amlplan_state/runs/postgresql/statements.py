"""The statements of histories on a connection to PostgreSQL."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import psycopg

    from amlplan_state.runs.connection import Row, Rows

_MARK = re.compile(r"\?(\d*)")
_METRICS = 'COPY metrics (run, name, file, "offset", time, moment, step, kind, value, text) '
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NONE = "\\N"


class ServerConnection:
    """A Connection. `lock` is the number of the lock of one who writes in this history."""

    def __init__(
        self, raw: psycopg.Connection[tuple[Any, ...]], lock: int, origin: int = -1
    ) -> None:
        self._raw = raw
        self._lock = lock
        self.origin = origin

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Rows:
        """Run a statement."""
        text, is_numbered = translated(query)
        if is_numbered:
            named = {f"v{number}": value for number, value in enumerate(values, 1)}
            return self._raw.execute(text.encode(), named)
        return self._raw.execute(text.encode(), values)

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement for each row."""
        made = list(rows)  # first: making a row may run statements of its own
        if made:
            with self._raw.cursor() as cursor:
                cursor.executemany(translated(query)[0].encode(), made)
        return None

    def add_metrics(self, rows: Iterable[Row]) -> None:
        """Add rows of the table of metrics."""
        lines = "".join([_line(row) for row in rows])
        if lines:
            with self._raw.cursor() as cursor, cursor.copy(f"{_METRICS} FROM STDIN") as copy:
                copy.write(lines.encode())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction under the lock of the history; one inside of another is a part of it."""
        with self._raw.transaction():
            self._raw.execute("SELECT pg_advisory_xact_lock(%s)", (self._lock,))
            yield

    @contextmanager
    def number_transaction(self) -> Iterator[None]:
        """A transaction that is on the medium when it ends; only its row keeps others waiting."""
        with self._raw.transaction():
            self._raw.execute("SET LOCAL synchronous_commit TO on")
            yield


@cache
def translated(query: str) -> tuple[str, bool]:
    """A statement with the marks of psycopg, and whether its values are numbered."""
    found = _MARK.findall(query)
    is_numbered = bool(found and found[0])
    mark = r"%(v\1)s" if is_numbered else "%s"
    return _MARK.sub(mark, query.replace("%", "%%")), is_numbered


def _line(row: Row) -> str:
    """A row of metrics as COPY takes it; numbers are told to the last digit."""
    run, name, file, offset, time, moment, step, kind, value, text = row
    return (
        f"{run}\t{name.translate(_ESCAPES)}\t{file}\t{offset}\t{time!r}\t{moment!r}\t"
        f"{_NONE if step is None else step}\t{kind}\t{_NONE if value is None else repr(value)}\t"
        f"{_NONE if text is None else text.translate(_ESCAPES)}\n"
    )
