"""What readers ask of the database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amlplan.history import (
    FINAL,
    Edge,
    Metric,
    OutputFile,
    Point,
    Recorded,
    RunDetail,
    RunSummary,
)
from amlplan_state.runs import complaints
from amlplan_state.runs.statuses import course_of
from amlplan_state.runs.taking import changes_of
from amlplan_state.runs.texts import REMOVED, key_of, stored, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from amlplan_state.runs.connection import Connection

SUMMARY = (
    "runs.id, runs.number, runs.history, runs.name, runs.status, runs.created, runs.started, "
    "runs.ended, runs.exit_code, runs.reason, runs.parent, runs.by, runs.host"
)
KNOWN = "runs.created IS NOT NULL"
"""A run whose first event was not read yet is not shown."""
_TOP = f"{KNOWN} AND runs.key = runs.root"
EVERY = 2**63 - 1
"""How many rows where all are wanted."""
NEAR = 500
"""The newest runs, among which one is looked for that may have been meant."""
_NEWEST = "ORDER BY runs.created DESC, runs.id DESC"


def summary_of(row: tuple[Any, ...]) -> RunSummary:
    """A row of the columns of `SUMMARY`."""
    run_id, number, history, name, status, created, started, ended, code, reason, *rest = row
    parent, by, host = (_optional(value) for value in rest)
    return RunSummary(
        id=run_id,
        number=number,
        history=_optional(history) or "",
        name=_optional(name) or "",
        status=status,
        created=created,
        started=started,
        ended=ended,
        exit_code=code,
        reason=_optional(reason),
        parent=parent,
        by=by or "",
        host=host or "",
    )


def histories(connection: Connection) -> dict[str, int]:
    """The histories, with how many runs each has."""
    query = f"SELECT coalesce(history, ''), count(*) FROM runs WHERE {_TOP} GROUP BY 1 ORDER BY 1"  # noqa: S608
    return {text_of(name): count for name, count in connection.execute(query)}


def runs(
    connection: Connection, history: str | None, status: str | None, limit: int | None
) -> list[RunSummary]:
    """The runs, the newest first, without children."""
    conditions, values = [_TOP], []
    if history is not None:
        conditions.append("runs.history = ?")
        values.append(key_of(stored(history)))
    if status is not None:
        conditions.append("runs.status = ?")
        values.append(stored(status))
    return _summaries(
        connection,
        f"{' AND '.join(conditions)} {_NEWEST} LIMIT ?",
        [*values, EVERY if limit is None else limit],
    )


def unfinished(connection: Connection) -> list[RunSummary]:
    """The runs and children of this origin without a last status, the oldest first."""
    marks = ",".join("?" * len(FINAL))
    condition = f"{KNOWN} AND runs.origin = ? AND runs.status NOT IN ({marks})"
    values = (connection.origin, *sorted(FINAL))
    return _summaries(connection, f"{condition} ORDER BY runs.created, runs.id", values)


def _summaries(
    connection: Connection, condition: str, values: Iterable[object]
) -> list[RunSummary]:
    query = f"SELECT {SUMMARY} FROM runs WHERE {condition}"  # noqa: S608 - the conditions are ours
    return [summary_of(row) for row in connection.execute(query, tuple(values))]


def resolve(connection: Connection, reference: str, history: str | None) -> str:
    """The id that a reference means; raises HistoryError where it is none, or several."""
    wanted = None if history is None else key_of(stored(history))
    for condition, values in _meanings(reference):
        where = f"{KNOWN} AND {condition} AND (CAST(?1 AS TEXT) IS NULL OR runs.history = ?1)"
        limit = 1 if reference == "latest" else complaints.FITTING + 1
        query = f"SELECT id FROM runs WHERE {where} {_NEWEST} LIMIT {limit}"  # noqa: S608
        found = [row[0] for row in connection.execute(query, [wanted, *values])]
        if len(found) > 1:
            raise complaints.several_runs(reference, found)
        if found:
            return str(found[0])
    ids = [run.id for run in runs(connection, history, None, NEAR)]
    raise complaints.no_run(reference, history, ids)


def _meanings(reference: str) -> list[tuple[str, list[object]]]:
    """What a reference may mean, the likeliest first."""
    text = stored(reference)
    meanings: list[tuple[str, list[object]]] = [("runs.id = ?2", [text])]
    if reference == "latest":
        meanings.append(("runs.key = runs.root", []))
    if reference.isdecimal() and len(reference) < 19:  # noqa: PLR2004 - what SQLite can hold
        meanings.append(("runs.number = ?2", [int(reference)]))
    if reference:
        meanings.append(("runs.key = runs.root AND substr(id, 1, ?3) = ?2", [text, len(text)]))
    return meanings


def detail(connection: Connection, run_id: str) -> RunDetail:
    """All that is known of a run."""
    query = f"SELECT key, root, ignored, workspace, definition, {SUMMARY} FROM runs WHERE id = ?"  # noqa: S608
    key, root, ignored, workspace, definition, *rest = connection.execute(
        query, (run_id,)
    ).fetchone()
    (skipped,) = connection.execute(
        "SELECT coalesce(sum(skipped), 0) FROM ingested WHERE run = ?", (root,)
    ).fetchone()
    outputs, left_out = _outputs(connection, key)
    defined = json.loads(definition)
    return RunDetail(
        summary=summary_of(tuple(rest)),
        workspace=_optional(workspace) or "",
        definition=defined,
        statuses=course_of(changes_of(connection, key)).changes,
        metrics=_metrics(connection, key),
        tags={
            text_of(name): _optional(value)
            for name, value in _pairs(connection, "tags", key)
            if value != REMOVED
        },
        properties={
            text_of(name): _optional(value) or ""
            for name, value in _pairs(connection, "properties", key)
        },
        outputs=outputs,
        left_out=left_out,
        children=_summaries(
            connection, f"{KNOWN} AND runs.parent = ? ORDER BY runs.created, runs.key", [run_id]
        ),
        ignored=ignored,
        skipped=int(skipped),
        parameters={**defined_parameters(defined), **_logged_parameters(connection, key)},
    )


def series(connection: Connection, run_id: str, name: str) -> list[Point]:
    """The values of a metric in the order of their recording."""
    rows = connection.execute(
        "SELECT kind, value, text, step, time FROM metrics "
        "JOIN ingested ON ingested.key = metrics.file "
        "WHERE metrics.run = (SELECT key FROM runs WHERE id = ?) AND name = ? "
        'ORDER BY moment, ingested.file, metrics."offset"',
        (stored(run_id), key_of(stored(name))),
    )
    return [point_of(*row) for row in rows]


def records(connection: Connection, run_id: str, kind: str | None) -> list[Recorded]:
    """What was recorded other than metrics, in the order of its recording."""
    rows = connection.execute(
        "SELECT kind, name, time, data FROM records "
        "JOIN ingested ON ingested.key = records.file "
        "WHERE records.run = (SELECT key FROM runs WHERE id = ?1) "
        "AND (CAST(?2 AS TEXT) IS NULL OR kind = ?2) "
        'ORDER BY moment, ingested.file, records."offset"',
        (stored(run_id), None if kind is None else stored(kind)),
    )
    return [
        Recorded(kind, text_of(name), time, json.loads(data)) for kind, name, time, data in rows
    ]


def lineage(connection: Connection, node: str, direction: Literal["up", "down"]) -> list[Edge]:
    """All edges on the ways from a node in one direction, each once."""
    near, far = ("target", "source") if direction == "up" else ("source", "target")
    query = (
        f"WITH RECURSIVE reached (node) AS (SELECT {far} FROM edges WHERE {near} = ?1 UNION "  # noqa: S608 - both are column names
        f"SELECT {far} FROM edges JOIN reached ON {near} = node) "
        f"SELECT source, relation, target, time FROM edges WHERE {near} = ?1 "
        f"OR {near} IN (SELECT node FROM reached) ORDER BY time, source, relation, target"
    )
    return [
        Edge(text_of(source), text_of(relation), text_of(target), time)
        for source, relation, target, time in connection.execute(query, (key_of(stored(node)),))
    ]


def point_of(
    kind: str, value: float | None, text: str | None, step: int | None, time: float
) -> Point:
    """The value of a metric, from the columns that tables keep it in."""
    if kind == "text" or value is None:
        words = text_of(text or "")
        return Point(words if kind == "text" else float(words), step, time)
    if kind == "bool":
        return Point(bool(value), step, time)
    if kind == "integer":
        return Point(int(value if text is None else text), step, time)
    return Point(value, step, time)


def _metrics(connection: Connection, key: int) -> dict[str, Metric]:
    rows = connection.execute(
        "SELECT name, count, least, greatest, kind, value, text, step, time FROM latest "
        "WHERE run = ? ORDER BY name",
        (key,),
    )
    return {
        text_of(name): Metric(count, point_of(*last), least, greatest)
        for name, count, least, greatest, *last in rows
    }


def _pairs(connection: Connection, table: str, key: int) -> Iterable[tuple[str, str | None]]:
    query = f"SELECT name, value FROM {table} WHERE run = ? ORDER BY name"  # noqa: S608
    return connection.execute(query, (key,))


def defined_parameters(definition: dict[str, Any]) -> dict[str, str]:
    """What the script was started with."""
    given = definition.get("parameters")
    return {name: str(value) for name, value in given.items()} if isinstance(given, dict) else {}


def _logged_parameters(connection: Connection, key: int) -> dict[str, str]:
    """What the script said that it worked with."""
    pairs = _pairs(connection, "parameters", key)
    return {text_of(name): _optional(value) or "" for name, value in pairs}


def _outputs(connection: Connection, key: int) -> tuple[dict[str, OutputFile], dict[str, str]]:
    kept: dict[str, OutputFile] = {}
    left_out: dict[str, str] = {}
    query = "SELECT path, digest, size, left_out FROM outputs WHERE run = ? ORDER BY path"
    for stored_path, digest, size, why in connection.execute(query, (key,)):
        path = text_of(stored_path)
        if digest is None:
            left_out[path] = text_of(why)
        elif _leads_outside(path) or "../" in digest:
            left_out[path] = "it leads outside of the working folder"
        else:
            kept[path] = OutputFile(path, text_of(digest), size)
    return kept, left_out


def _leads_outside(path: str) -> bool:
    """Whether what a script, or another host, wrote would lead who copies it elsewhere."""
    return path.startswith("/") or ".." in path.split("/")


def _optional(value: str | None) -> str | None:
    return None if value is None else text_of(value)
