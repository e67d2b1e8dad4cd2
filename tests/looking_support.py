"""Runs as the tests of what looks at them need them, made without a process."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from amlplan.history import Metric, Point, RunDetail, RunOverview, RunSummary
from amlplan.runs.place import RunPlace
from amlplan_local.store import ContentStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.history import History


def summary(number: int = 1, **fields: Any) -> RunSummary:
    given: dict[str, Any] = {
        "id": f"train_{number}",
        "number": number,
        "history": "train",
        "name": "train.py",
        "status": "Completed",
        "created": 1000.0 + number,
        "started": 1000.0 + number,
        "ended": 1010.0 + number,
    }
    return RunSummary(**(given | fields))


def metric(*values: Any) -> Metric:
    numbers = [
        each
        for each in values
        if isinstance(each, int | float) and not math.isnan(each) and not isinstance(each, bool)
    ]
    last = Point(values[-1], None, 1.0)
    if not numbers:
        return Metric(len(values), last)
    return Metric(len(values), last, min(numbers), max(numbers))


def overview(
    number: int = 1,
    metrics: Mapping[str, Any] | None = None,
    parameters: Mapping[str, str] | None = None,
    tags: Mapping[str, str | None] | None = None,
    **fields: Any,
) -> RunOverview:
    """A run in an overview; a metric is its last value, or the list of all."""
    found = {
        name: metric(*value) if isinstance(value, list) else metric(value)
        for name, value in (metrics or {}).items()
    }
    return RunOverview(summary(number, **fields), found, parameters or {}, tags or {}, {})


def detail(number: int = 1, metrics: Mapping[str, Any] | None = None, **fields: Any) -> RunDetail:
    shown = overview(number, metrics)
    given: dict[str, Any] = {
        "summary": shown.summary,
        "workspace": "main",
        "definition": {},
        "statuses": [],
        "metrics": shown.metrics,
        "tags": {},
        "properties": {},
        "outputs": {},
        "left_out": {},
        "children": [],
    }
    return RunDetail(**(given | fields))


def content_store(folder: Path) -> ContentStore:
    return ContentStore(folder / "store", folder / "cache")


def place_of(history: History, content: ContentStore, folder: Path) -> RunPlace:
    """A workspace in which nothing can be started."""
    return RunPlace(
        name="main",
        folder=folder / "workspace",
        history=history,
        content=content,
        jobs=None,  # type: ignore[arg-type]
        data_folder=folder / "data",
        cache_folder=folder / "cache",
    )
