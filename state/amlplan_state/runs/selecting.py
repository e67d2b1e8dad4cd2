"""Finds the run that a selection asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import HistoryError
from amlplan.history import SelectedRun
from amlplan_state.runs.queries import KNOWN, SUMMARY, detail, summary_of
from amlplan_state.runs.texts import key_of, stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.history import OutputFile, Selection
    from amlplan_state.runs.connection import Connection

_AGGREGATES = {"last": "value", "min": "least", "max": "greatest"}
_METRIC = "SELECT {0} FROM latest WHERE latest.run = runs.key AND latest.name = ?"
_TAG = "EXISTS (SELECT 1 FROM tags WHERE tags.run = runs.key AND name = ? AND value = ?)"
_OUTPUT = (
    "runs.collected = 1 AND EXISTS (SELECT 1 FROM outputs WHERE outputs.run = runs.key "
    "AND digest IS NOT NULL AND (path = ? OR substr(path, 1, ?) = ?))"
)


def select(connection: Connection, selection: Selection) -> SelectedRun | None:
    """The run, or None where none fits; raises HistoryError for a best run without a metric."""
    if selection.select == "best" and selection.metric is None:
        raise HistoryError(
            "A selection lacks its metric",
            'select = "best" needs a metric to compare runs by. Name one, or use select = "last".',
        )
    query, values = _query(selection)
    row = connection.execute(query, values).fetchone()
    if row is None:
        return None
    run = summary_of(row[1:])
    files = detail(connection, run.id).outputs
    return SelectedRun(run, row[0], _below(files, selection.path))


def _query(selection: Selection) -> tuple[str, list[object]]:
    value = _METRIC.format(_AGGREGATES[selection.aggregate])
    conditions = [KNOWN, "runs.history = ?", "runs.status = 'Completed'"]
    values: list[object] = [
        None if selection.metric is None else stored(selection.metric),
        key_of(stored(selection.history)),
    ]
    for name, wanted in selection.where.items():
        conditions.append(_TAG)
        values += [stored(name), stored(wanted)]
    for name, least in selection.require:
        conditions.append(f"({value}) >= ?")
        values += [stored(name), least]
    if selection.path is not None:
        path = selection.path.rstrip("/")
        conditions.append(_OUTPUT)
        below = stored(path + "/")
        values += [stored(path), len(below), below]
    chosen = "" if selection.metric is None else "WHERE chosen IS NOT NULL"
    order = "created DESC, id DESC"
    if selection.select == "best":
        way = "DESC" if selection.goal == "maximize" else "ASC"
        order = f"chosen {way}, created, id"
    query = (
        f"SELECT * FROM (SELECT ({value}) AS chosen, {SUMMARY} FROM runs "  # noqa: S608 - names are bound
        f"WHERE {' AND '.join(conditions)}) AS fitting {chosen} ORDER BY {order} LIMIT 1"
    )
    return query, values


def _below(files: Mapping[str, OutputFile], path: str | None) -> dict[str, OutputFile]:
    if path is None:
        return dict(files)
    path = path.rstrip("/")
    return {
        name: file for name, file in files.items() if name == path or name.startswith(path + "/")
    }
