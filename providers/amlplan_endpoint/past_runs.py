"""Runs of other scripts: what the workspace's history has of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from amlplan.errors import HistoryError
from amlplan_endpoint.answers import MISSING, Refusal
from amlplan_endpoint.names import told
from amlplan_endpoint.run_record import FINAL, Point, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.history import Metric, RunDetail
    from amlplan.history import Point as KeptPoint
    from amlplan_endpoint.service import Service

MOST = 500
"""How many earlier runs a search looks at, the newest first, and children of each run."""


def past_detail(service: Service, name: str) -> RunDetail:
    """A run of the workspace's history; raises Refusal where there is none of that id."""
    run_id = told(name, service.run_id)
    try:
        service.history.sync(run_id)
        found = service.history.run(run_id)
    except HistoryError as failure:
        raise Refusal(MISSING, f"{failure.summary}: {failure.detail}") from failure
    if found.summary.id != run_id:  # the beginning of an id names a run too, though not here
        raise Refusal(MISSING, f"There is no run {name!r}.")
    return found


def past_run(service: Service, name: str) -> RunRecord:
    """A run of another script; raises Refusal."""
    return _record(past_detail(service, name))


def past_runs(service: Service) -> Iterator[RunRecord]:
    """The other runs of this run's history with their children, the newest first."""
    service.history.sync()
    for summary in service.history.runs(service.history_name, limit=MOST):
        if summary.id in service.past:
            yield from service.past[summary.id]
        elif summary.id != service.run_id:
            yield from _with_children(service, summary.id)


def _with_children(service: Service, run_id: str) -> list[RunRecord]:
    detail = service.history.run(run_id)
    children = (service.history.run(child.id) for child in detail.children[:MOST])
    found = [_record(each) for each in (*children, detail)]
    if detail.summary.status in FINAL:
        service.past[run_id] = found
    return found


def past_series(service: Service, name: str, metric: str) -> list[Point]:
    """The points of a metric of a run of another script; raises Refusal."""
    detail = past_detail(service, name)
    found = (_point(point) for point in service.history.series(detail.summary.id, metric))
    return [point for point in found if point is not None]


def _record(detail: RunDetail) -> RunRecord:
    summary = detail.summary
    return RunRecord(
        id=summary.id,
        parent=summary.parent,
        number=summary.number,
        history=summary.history,
        name=summary.name,
        by=summary.by,
        status=summary.status,
        started=summary.created,
        ended=summary.ended,
        parameters=dict(detail.parameters),
        tags={name: value or "" for name, value in detail.tags.items()},
        properties=dict(detail.properties),
        latest=dict(_latest(detail.metrics)),
    )


def _latest(metrics: object) -> Iterator[tuple[str, Point]]:
    assert isinstance(metrics, dict)  # noqa: S101 - a mapping that the history made
    metric: Metric
    for name, metric in metrics.items():
        point = _point(metric.last)
        if point is not None:
            yield name, point


def _point(point: KeptPoint) -> Point | None:
    if isinstance(point.value, str):
        return None
    value = float(point.value) if point.value is not None else math.nan
    return Point(value, int(point.time * 1000), point.step or 0)
