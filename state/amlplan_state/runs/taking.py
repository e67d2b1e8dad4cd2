"""Takes parts of event files into the tables, in one transaction with how far each was read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from amlplan.history import Ingested, StatusChange
from amlplan_state.runs.layout import EDGES
from amlplan_state.runs.statuses import course_of
from amlplan_state.runs.texts import SHORT, key_of, stored, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from amlplan_state.runs.connection import Connection
    from amlplan_state.runs.events import Part, Row

_LATER = (
    '(excluded.moment, excluded.file, excluded."offset") > ({0}.moment, {0}.file, {0}."offset")'
)
_EARLIER = _LATER.replace(">", "<")

_RUN = f"""
INSERT INTO runs (key, id, root, origin, created, moment, "offset", file, number, history, name,
                  workspace, parent, definition, "by", host)
VALUES (?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
    created = excluded.created, moment = excluded.moment, "offset" = excluded."offset",
    file = excluded.file, number = excluded.number, history = excluded.history,
    name = excluded.name, workspace = excluded.workspace, parent = excluded.parent,
    definition = excluded.definition, "by" = excluded."by", host = excluded.host
WHERE runs.moment IS NULL OR {_EARLIER.format("runs")}
"""  # noqa: S608 - the tables are ours
_OF_LAST = ["time", "moment", "file", '"offset"', "step", "kind", "value", "text"]
_LATEST = f"""
INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, short) DO UPDATE SET
    count = latest.count + excluded.count,
    least = CASE WHEN latest.least IS NULL OR excluded.least < latest.least
            THEN excluded.least ELSE latest.least END,
    greatest = CASE WHEN latest.greatest IS NULL OR excluded.greatest > latest.greatest
               THEN excluded.greatest ELSE latest.greatest END,
    {
    ", ".join(
        f"{column} = CASE WHEN {_LATER.format('latest')} THEN excluded.{column} "
        f"ELSE latest.{column} END"
        for column in _OF_LAST
    )
}
"""  # noqa: S608 - the tables are ours
_RECORD = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_STATUS = "INSERT INTO statuses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NAMED = """
INSERT INTO {0} VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, short) DO UPDATE SET
    value = excluded.value, moment = excluded.moment, file = excluded.file,
    "offset" = excluded."offset"
WHERE {1}
"""
_TAG = _NAMED.format("tags", _LATER.format("tags"))
_PROPERTY = _NAMED.format("properties", _EARLIER.format("properties"))
_PARAMETER = _NAMED.format("parameters", _EARLIER.format("parameters"))
_OUTPUT = f"""
INSERT INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, short) DO UPDATE SET
    digest = excluded.digest, size = excluded.size, left_out = excluded.left_out,
    moment = excluded.moment, file = excluded.file, "offset" = excluded."offset"
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
WHERE excluded.last > numbers.last
"""


def take(connection: Connection, parts: Iterable[Part]) -> Ingested:
    """Take in parts; one whose file was read further meanwhile is left out, as it was taken."""
    events = skipped = 0
    touched: set[int] = set()
    with connection.transaction():
        for part in parts:
            if _take_part(connection, part, touched):
                events += part.events
                skipped += part.skipped
        for run in touched:
            _follow_statuses(connection, run)
    return Ingested(events, skipped)


def drop(connection: Connection, roots: Iterable[str]) -> None:
    """Forget runs whose folders are gone, with their children."""
    keys = "SELECT key FROM runs WHERE root = (SELECT key FROM runs WHERE id = ?)"
    for root in roots:
        with connection.transaction():
            forget(connection, keys, (root,))


def forget(connection: Connection, keys: str, values: Sequence[object]) -> None:
    """Delete the runs whose keys a query of ours gives, with all that was recorded of them."""
    for table in _OF_RUNS:
        connection.execute(f"DELETE FROM {table} WHERE run IN ({keys})", values)  # noqa: S608
    connection.execute(f"DELETE FROM runs WHERE key IN ({keys})", values)  # noqa: S608


class Reached(NamedTuple):
    """How far a file was read, and the moment of its events there."""

    offset: int = 0
    clock: float = -math.inf


def reached(connection: Connection, names: Sequence[str]) -> dict[str, Reached]:
    """How far each file was read."""
    found = dict.fromkeys(names, Reached())
    for start in range(0, len(names), 500):
        some = [stored(name) for name in names[start : start + 500]]
        marks = ",".join("?" * len(some))
        query = (
            'SELECT file, "offset", coalesce(clock, ?) FROM ingested '  # noqa: S608
            f"WHERE origin = ? AND file IN ({marks})"
        )
        rows = connection.execute(query, [-math.inf, connection.origin, *some])
        found |= {text_of(file): Reached(*where) for file, *where in rows}
    return found


def _take_part(connection: Connection, part: Part, touched: set[int]) -> bool:
    keys = _Keys(connection, part.run)
    root = 0 if part.file == EDGES else keys.of(part.run)
    if keys.are_of_others:
        return False
    name = stored(part.file)
    own = (connection.origin, name)
    connection.execute(
        "INSERT INTO ingested (origin, file, run) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (*own, root),
    )
    file, offset = connection.execute(
        'SELECT key, "offset" FROM ingested WHERE origin = ? AND file = ?', own
    ).fetchone()
    if offset != part.start:
        return False
    if root:
        _insert(connection, part, keys, file, name, touched)
    edge = "INSERT INTO edges VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    connection.executemany(edge, part.edges)
    connection.execute(
        'UPDATE ingested SET "offset" = ?, clock = ?, skipped = skipped + ? WHERE key = ?',
        (part.end, part.clock, part.skipped, file),
    )
    return True


class _Keys:
    """The keys of the runs in one folder; runs that are not known yet get one.

    A run is taken in from one folder of runs only, the one that told of it first: `are_of_others`
    is said of a copy of that folder.
    """

    def __init__(self, connection: Connection, root: str) -> None:
        self._connection = connection
        self._root = root
        self._known: dict[str, int] = {}
        self.are_of_others = False

    def of(self, run: str) -> int:
        key = self._known.get(run)
        if key is None:
            key = self._known[run] = self._look(run)
        return key

    def _look(self, run: str) -> int:
        query = "SELECT key, origin FROM runs WHERE id = ?"
        found = self._connection.execute(query, (run,)).fetchone()
        if found is not None:
            self.are_of_others = found[1] != self._connection.origin
            return int(found[0])
        if run != self._root:
            return self._added(
                "INSERT INTO runs (id, root, origin, history, workspace) SELECT CAST(? AS TEXT), "
                "key, origin, history, workspace FROM runs WHERE key = ? RETURNING key",
                (run, self.of(self._root)),
            )
        query = "INSERT INTO runs (id, root, origin) VALUES (?, 0, ?) RETURNING key"
        key = self._added(query, (run, self._connection.origin))
        self._connection.execute("UPDATE runs SET root = key WHERE key = ?", (key,))
        return key

    def _added(self, query: str, values: Sequence[object]) -> int:
        return int(self._connection.execute(query, values).fetchone()[0])


def _insert(
    connection: Connection,
    part: Part,
    keys: _Keys,
    file: int,
    name: str,
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
    connection.add_metrics(
        (of(r[0]), r[4] if len(r[4]) <= SHORT else key_of(r[4]), file, *r[1:4], *r[5:])
        for r in part.metrics
    )
    many(_LATEST, _latest(part.metrics, keys, name))
    many(_RECORD, ((of(r[0]), file, *r[1:]) for r in part.records))
    many(_STATUS, ((of(r[0]), file, *r[1:]) for r in part.statuses))
    for query, rows in (
        (_TAG, part.tags),
        (_PROPERTY, part.properties),
        (_PARAMETER, part.parameters),
        (_OUTPUT, part.outputs),
    ):
        many(query, ((of(r[0]), key_of(r[4]), *r[4:], r[3], name, r[1]) for r in rows))
    many("UPDATE runs SET collected = 1 WHERE key = ?", ((of(run),) for run in part.collected))
    touched.update(of(row[0]) for row in part.statuses)


def _latest(metrics: list[Row], keys: _Keys, file: str) -> Iterable[Row]:
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
        named = (keys.of(run), key_of(name), name)
        yield (*named, count, time, moment, file, offset, *values, least, greatest)


def _inherit(connection: Connection, root: int) -> None:
    """Give children the history and workspace of the run they belong to."""
    connection.execute(
        "UPDATE runs SET (history, workspace) = "
        "(SELECT history, workspace FROM runs AS own WHERE own.key = ?1) "
        "WHERE root = ?1 AND key <> ?1",
        (root,),
    )


def _follow_statuses(connection: Connection, run: int) -> None:
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


def changes_of(connection: Connection, run: int) -> list[StatusChange]:
    """All statuses that were written for a run, legal or not, in their order."""
    rows = connection.execute(
        "SELECT status, time, reason, exit_code, attempt FROM statuses AS written "
        "JOIN ingested ON ingested.key = written.file WHERE written.run = ? "
        'ORDER BY moment, ingested.file, written."offset"',
        (run,),
    )
    return [
        StatusChange(status, time, None if reason is None else text_of(reason), code, attempt)
        for status, time, reason, code, attempt in rows
    ]
