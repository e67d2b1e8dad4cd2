"""Runs as JSON and as CSV: a row for each run, or a row for each value of its metrics."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from amlplan.looking.facts import FAMILIES, FIELDS, names_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from amlplan.history import History, Point, Recorded, RunDetail, RunOverview

FORMAT_VERSION = "1.0"
_PREFIXES = {"metrics": "metric", "params": "param", "tags": "tag", "properties": "property"}


def runs_csv(runs: Sequence[RunOverview]) -> str:
    """A row for each run: its fields, then the last values of metrics, parameters and tags."""
    names = [(family, name) for family in _PREFIXES for name in names_in(family, runs)]
    head = [*FIELDS, *(f"{_PREFIXES[family]}.{name}" for family, name in names)]
    rows = (
        [
            *(of(run.summary) for of in FIELDS.values()),
            *(FAMILIES[family](run).get(name) for family, name in names),
        ]
        for run in runs
    )
    return _csv(head, rows)


def values_csv(history: History, runs: Iterable[RunDetail]) -> str:
    """A row for each value of each metric."""
    rows = (
        [*_named(run), name, point.step, point.time, point.value]
        for run in runs
        for name in run.metrics
        for point in history.series(run.summary.id, name)
    )
    return _csv(["run", "history", "number", "metric", "step", "time", "value"], rows)


def _named(run: RunDetail) -> tuple[Any, ...]:
    return run.summary.id, run.summary.history, run.summary.number


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_cell(cell) for cell in head])
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return "" if value is None else value


def run_document(history: History, run: RunDetail) -> dict[str, Any]:
    """All about a run, its series and records too, as JSON has it."""
    summary = run.summary
    return {
        **asdict(summary),
        "duration": summary.duration,
        "workspace": run.workspace,
        "definition": run.definition,
        "parameters": dict(run.parameters),
        "statuses": [asdict(each) for each in run.statuses],
        "metrics": {
            name: [_point(point) for point in history.series(summary.id, name)]
            for name in run.metrics
        },
        "records": [_record(each) for each in history.records(summary.id)],
        "tags": dict(run.tags),
        "properties": dict(run.properties),
        "outputs": {
            path: {"digest": file.digest, "size": file.size} for path, file in run.outputs.items()
        },
        "left_out": dict(run.left_out),
        "children": [child.id for child in run.children],
    }


def _point(point: Point) -> dict[str, Any]:
    return {"value": finite(point.value), "step": point.step, "time": point.time}


def _record(record: Recorded) -> dict[str, Any]:
    return {"kind": record.kind, "name": record.name, "time": record.time, **dict(record.data)}


def finite(value: Any) -> Any:
    """A number as JSON has it: what is not finite is a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
