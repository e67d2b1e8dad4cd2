"""Runs and grids as tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan.history import FINAL
from amlplan.project.task import Task
from amlplan.runs.grids import combinations_of, is_grid
from amlplan.runs.place import root_of
from amlplan.runs.standing import place_in_queue
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.history import RunDetail, RunSummary
    from amlplan.runs.place import RunPlace

CONDUCTOR_LOG, LOG = "conductor.log", "log.txt"


def run_tasks(place: RunPlace, *, ended: int) -> Iterator[Task]:
    """The runs of a workspace that did not end, the oldest first, and so many that ended."""
    active = [run for run in place.history.unfinished() if root_of(run.id) == run.id]
    for run in active:
        yield _task(run, place.history.run(run.id), place)
    if ended:
        for run in reversed(place.history.runs(limit=ended)):
            if run.status in FINAL:
                yield _task(run, place.history.run(run.id), place)


def _task(run: RunSummary, detail: RunDetail, place: RunPlace) -> Task:
    grid = is_grid(detail.definition)
    log = place.folder_of(run.id) / (CONDUCTOR_LOG if grid else LOG)
    return Task(
        id=run.id,
        kind="grid" if grid else "run",
        name=run.name,
        phase=run.status,
        is_active=run.status not in FINAL,
        progress=_of_members(detail) if grid else _progress(detail, place),
        started=run.started or run.created,
        ended=run.ended,
        by=run.by,
        host=run.host,
        parent=run.parent,
        log=str(log) if log.exists() else None,
    )


def _of_members(grid: RunDetail) -> str:
    ended = sum(member.status in FINAL for member in grid.children)
    planned = counted(len(combinations_of(grid.definition)), "member")
    return f"{ended} of {planned} ended, {len(grid.children) - ended} under way"


def _progress(run: RunDetail, place: RunPlace) -> str:
    """Why a run ended badly, its place in a queue, or what it measured last."""
    if run.summary.status in FINAL:
        return run.summary.reason or ""
    if run.summary.status == "Queued":
        try:
            number = place_in_queue(run.summary.id, place)
        except ProviderError:
            number = None
        return "" if number is None else f"number {number} in the queue"
    if not run.metrics:
        return ""
    name, metric = max(run.metrics.items(), key=lambda item: item[1].last.time)
    step = "" if metric.last.step is None else f" at step {metric.last.step}"
    return f"{name} = {metric.last.value}{step}"
