"""Takes parts of event files into the tables, in one transaction with how far each was read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from amlplan.history import Ingested, StatusChange
from amlplan_state.runs.database import transaction
from amlplan_state.runs.layout import EDGES
from amlplan_state.runs.statuses import course_of
from amlplan_state.runs.tables import stored, text_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from typing import Any

    from amlplan_state.runs.events import Part, Row

_LATER = "(excluded.moment, excluded.file, excluded.offset) > (moment, {0}.file, {0}.offset)"
_EARLIER = _LATER.replace(">", "<")

_RUN = f"""
INSERT INTO runs (key, id, root, created, moment, offset, file, number, history, name, workspace,
                  parent, definition, by, host)
VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
    created = excluded.created, moment = excluded.moment, offset = excluded.offset,
    file = excluded.file, number = excluded.number, history = excluded.history,
    name = excluded.name, workspace = excluded.workspace, parent = excluded.parent,
    definition = excluded.definition, by = excluded.by, host = excluded.host
WHERE moment IS NULL OR {_EARLIER.format("runs")}
"""  # noqa: S608 - the tables are ours
_METRIC = "INSERT OR IGNORE INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LATEST = f"""
INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, name) DO UPDATE SET
    count = count + excluded.count,
    least = coalesce(min(least, excluded.least), least, excluded.least),
    greatest = coalesce(max(greatest, excluded.greatest), greatest, excluded.greatest),
    (time, moment, file, offset, step, kind, value, text) = (
        SELECT excluded.time, excluded.moment, excluded.file, excluded.offset, excluded.step,
               excluded.kind, excluded.value, excluded.text
        WHERE {_LATER.format("latest")}
        UNION ALL
        SELECT time, moment, latest.file, latest.offset, step, kind, value, text
        WHERE NOT {_LATER.format("latest")}
    )
"""  # noqa: S608 - the tables are ours
_RECORD = "INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_STATUS = "INSERT OR IGNORE INTO statuses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_TAG = f"""
INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (run, name) DO UPDATE SET
    value = excluded.value, moment = excluded.moment, file = excluded.file,
    offset = excluded.offset
WHERE {_LATER.format("tags")}
"""  # noqa: S608
_PROPERTY = _TAG.replace("tags", "properties").replace(
    _LATER.format("properties"), _EARLIER.format("properties")
)
_PARAMETER = _PROPERTY.replace("properties", "parameters")
_OUTPUT = f"""
INSERT INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, path) DO UPDATE SET
    digest = excluded.digest, size = excluded.size, left_out = excluded.left_out,
    moment = excluded.moment, file = excluded.file, offset = excluded.offset
WHERE {_LATER.format("outputs")}
"""  # noqa: S608
_OF_RUNS = [
    "ingested",
    "metrics",
    "latest",
    "records",
    "statuses",
    "tags",
    "properties",
    "parameters",
    "outputs",
]
_NUMBER = """
INSERT INTO numbers VALUES (?, ?) ON CONFLICT (history) DO UPDATE SET last = excluded.last
WHERE excluded.last > last
"""


def take(connection: sqlite3.Connection, parts: Iterable[Part]) -> Ingested:
    """Take in parts; one whose file was read further meanwhile is left out, as it was taken."""
    events = skipped = 0
    touched: set[int] = set()
    with transaction(connection):
        for part in parts:
            if _take_part(connection, part, touched):
                events += part.events
                skipped += part.skipped
        for run in touched:
            _follow_statuses(connection, run)
    return Ingested(events, skipped)


def drop(connection: sqlite3.Connection, roots: Iterable[str]) -> None:
    """Forget runs whose folders are gone, with their children."""
    for root in roots:
        with transaction(connection):
            keys = "SELECT key FROM runs WHERE root = (SELECT key FROM runs WHERE id = ?)"
            for table in _OF_RUNS:
                connection.execute(f"DELETE FROM {table} WHERE run IN ({keys})", (root,))  # noqa: S608
            connection.execute(f"DELETE FROM runs WHERE key IN ({keys})", (root,))  # noqa: S608


class Reached(NamedTuple):
    """How far a file was read, and the moment of its events there."""

    offset: int = 0
    clock: float = -math.inf


def reached(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, Reached]:
    """How far each file was read."""
    found = dict.fromkeys(names, Reached())
    for start in range(0, len(names), 500):
        some = [stored(name) for name in names[start : start + 500]]
        marks = ",".join("?" * len(some))
        query = f"SELECT file, offset, clock FROM ingested WHERE file IN ({marks})"  # noqa: S608
        rows = connection.execute(query, some)
        found |= {text_of(file): Reached(*where) for file, *where in rows}
    return found


def _take_part(connection: sqlite3.Connection, part: Part, touched: set[int]) -> bool:
    keys = _Keys(connection, part.run)
    root = 0 if part.file == EDGES else keys.of(part.run)
    name = stored(part.file)
    connection.execute("INSERT OR IGNORE INTO ingested (file, run) VALUES (?, ?)", (name, root))
    file, offset = connection.execute(
        "SELECT key, offset FROM ingested WHERE file = ?", (name,)
    ).fetchone()
    if offset != part.start:
        return False
    if root:
        _insert(connection, part, keys, file, name, touched)
    edge = "INSERT OR IGNORE INTO edges VALUES (?, ?, ?, ?)"
    connection.executemany(edge, part.edges)
    connection.execute(
        "UPDATE ingested SET offset = ?, clock = ?, skipped = skipped + ? WHERE key = ?",
        (part.end, part.clock, part.skipped, file),
    )
    return True


class _Keys:
    """The keys of the runs in one folder; runs that are not known yet get one."""

    def __init__(self, connection: sqlite3.Connection, root: str) -> None:
        self._connection = connection
        self._root = root
        self._known: dict[str, int] = {}

    def of(self, run: str) -> int:
        key = self._known.get(run)
        if key is None:
            key = self._known[run] = self._look(run)
        return key

    def _look(self, run: str) -> int:
        query = "SELECT key FROM runs WHERE id = ?"
        found = self._connection.execute(query, (run,)).fetchone()
        if found is not None:
            return int(found[0])
        if run != self._root:
            made = self._connection.execute(
                "INSERT INTO runs (id, root, history, workspace) "
                "SELECT ?, key, history, workspace FROM runs WHERE key = ?",
                (run, self.of(self._root)),
            )
            return int(made.lastrowid or 0)
        made = self._connection.execute("INSERT INTO runs (id, root) VALUES (?, 0)", (run,))
        key = int(made.lastrowid or 0)
        self._connection.execute("UPDATE runs SET root = key WHERE key = ?", (key,))
        return key


def _insert(
    connection: sqlite3.Connection,
    part: Part,
    keys: _Keys,
    file: int,
    name: str | bytes,
    touched: set[int],
) -> None:
    of = keys.of
    for row in part.runs:
        run, offset, time, moment, number, history, *rest = row
        values = (of(run), run, time, moment, offset, name, number, history, *rest)
        connection.execute(_RUN, values)
        if number is not None and history is not None:
            connection.execute(_NUMBER, (history, number))
    if part.runs:
        _inherit(connection, of(part.run))
    many = connection.executemany
    many(_METRIC, ((of(r[0]), r[4], file, *r[1:4], *r[5:]) for r in part.metrics))
    many(_LATEST, _latest(part.metrics, keys, name))
    many(_RECORD, ((of(r[0]), file, *r[1:]) for r in part.records))
    many(_STATUS, ((of(r[0]), file, *r[1:]) for r in part.statuses))
    many(_TAG, ((of(r[0]), *r[4:], r[3], name, r[1]) for r in part.tags))
    many(_PROPERTY, ((of(r[0]), *r[4:], r[3], name, r[1]) for r in part.properties))
    many(_PARAMETER, ((of(r[0]), *r[4:], r[3], name, r[1]) for r in part.parameters))
    many(_OUTPUT, ((of(r[0]), *r[4:], r[3], name, r[1]) for r in part.outputs))
    many("UPDATE runs SET collected = 1 WHERE key = ?", ((of(run),) for run in part.collected))
    touched.update(of(row[0]) for row in part.statuses)


def _latest(metrics: list[Row], keys: _Keys, file: str | bytes) -> Iterable[Row]:
    """One row per metric: how many values, the last of them, the least, the greatest."""
    found: dict[tuple[str, Any], list[Any]] = {}
    for row in metrics:
        run, name, value = row[0], row[4], row[7]
        known = found.get((run, name))
        if known is None:
            found[run, name] = [1, row, value, value]
            continue
        known[0] += 1
        known[1] = row
        if value is not None:
            known[2] = value if known[2] is None or value < known[2] else known[2]
            known[3] = value if known[3] is None or value > known[3] else known[3]
    for (run, name), (count, last, least, greatest) in found.items():
        _, offset, time, moment, _, *values = last
        yield (keys.of(run), name, count, time, moment, file, offset, *values, least, greatest)


def _inherit(connection: sqlite3.Connection, root: int) -> None:
    """Give children the history and workspace of the run they belong to."""
    connection.execute(
        "UPDATE runs SET (history, workspace) = "
        "(SELECT history, workspace FROM runs AS own WHERE own.key = ?1) "
        "WHERE root = ?1 AND key <> ?1",
        (root,),
    )


def _follow_statuses(connection: sqlite3.Connection, run: int) -> None:
    course = course_of(changes_of(connection, run))
    last = course.changes[-1] if course.changes else StatusChange("NotStarted", 0.0)
    connection.execute(
        "UPDATE runs SET status = ?, started = ?, ended = ?, exit_code = ?, reason = ?, "
        "ignored = ? WHERE key = ?",
        (
            course.status,
            course.started,
            course.ended,
            last.exit_code,
            None if last.reason is None else stored(last.reason),
            course.ignored,
            run,
        ),
    )


def changes_of(connection: sqlite3.Connection, run: int) -> list[StatusChange]:
    """All statuses that were written for a run, legal or not, in their order."""
    rows = connection.execute(
        "SELECT status, time, reason, exit_code, attempt FROM statuses AS written "
        "JOIN ingested ON ingested.key = written.file WHERE written.run = ? "
        "ORDER BY moment, ingested.file, written.offset",
        (run,),
    )
    return [
        StatusChange(status, time, None if reason is None else text_of(reason), code, attempt)
        for status, time, reason, code, attempt in rows
    ]
