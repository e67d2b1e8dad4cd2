"""Runs as our own front ends read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_endpoint.past_runs import past_detail
from amlplan_endpoint.run_record import point_of

if TYPE_CHECKING:
    from typing import Any

    from amlplan.history import RunDetail
    from amlplan_endpoint.answers import Json
    from amlplan_endpoint.run_record import RunRecord
    from amlplan_endpoint.service import Service


def run_document(service: Service, name: str) -> Json:
    """A run of this script as it is now, or an earlier one; raises Refusal."""
    service.recording.refresh()
    run = service.recording.find(name)
    return _past(service, past_detail(service, name)) if run is None else _present(service, run)


def run_list(service: Service, history: str) -> Json:
    """The runs of a history, the newest first."""
    service.history.sync()
    found = service.history.runs(history)
    return {"runs": [{"id": run.id, "number": run.number, "status": run.status} for run in found]}


def _present(service: Service, run: RunRecord) -> Json:
    root = service.recording.run(service.run_id)
    return {
        "id": run.id,
        "number": run.number,
        "name": run.name,
        "history": run.history or root.history,
        "status": run.status,
        "parent": run.parent,
        "metrics": _metrics(service, run),
        "tags": run.tags,
        "properties": run.properties,
        "parameters": {**run.given, **run.parameters},
        "outputs": _files(service) if run is root else [],
        "children": [child.id for child in service.recording.runs() if child.parent == run.id],
    }


def _past(service: Service, detail: RunDetail) -> Json:
    summary = detail.summary
    return {
        "id": summary.id,
        "number": summary.number,
        "name": summary.name,
        "history": summary.history,
        "status": summary.status,
        "parent": summary.parent,
        "metrics": {
            name: [_plain(point.value) for point in service.history.series(summary.id, name)]
            for name in detail.metrics
        },
        "tags": dict(detail.tags),
        "properties": dict(detail.properties),
        "parameters": dict(detail.parameters),
        "outputs": sorted(detail.outputs),
        "children": [child.id for child in detail.children],
    }


def _metrics(service: Service, run: RunRecord) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for event in service.recording.events("metric"):
        if event.get("run", service.run_id) == run.id and isinstance(event.get("name"), str):
            point = point_of(event)
            value = event["value"] if point is None or not event.get("special") else point.value
            found.setdefault(event["name"], []).append(_plain(value))
    return found


def _plain(value: Any) -> Any:
    """A value as JSON has it: numbers that are not finite as words."""
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):  # noqa: PLR0124
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124
    return value


def _files(service: Service) -> list[str]:
    """The files in outputs, as they are now."""
    outputs = service.work / "outputs"
    found = (path for path in outputs.rglob("*") if path.is_file())
    return sorted(path.relative_to(service.work).as_posix() for path in found)
