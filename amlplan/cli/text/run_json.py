"""Runs for machines."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amlplan.history import Metric, RunDetail, RunSummary

FORMAT_VERSION = "1.0"


def summary_json(run: RunSummary) -> dict[str, Any]:
    """A run in a list; times are unix times."""
    return {**asdict(run), "duration": run.duration}


def run_json(run: RunDetail) -> dict[str, Any]:
    """Everything about a run but its series."""
    return {
        "format_version": FORMAT_VERSION,
        **summary_json(run.summary),
        "workspace": run.workspace,
        "definition": run.definition,
        "statuses": [asdict(item) for item in run.statuses],
        "metrics": {name: _metric(metric) for name, metric in run.metrics.items()},
        "tags": dict(run.tags),
        "properties": dict(run.properties),
        "parameters": dict(run.parameters),
        "outputs": {
            name: {"digest": file.digest, "size": file.size} for name, file in run.outputs.items()
        },
        "left_out": dict(run.left_out),
        "children": [summary_json(child) for child in run.children],
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "value": finite(metric.last.value),
        "step": metric.last.step,
        "count": metric.count,
        "min": finite(metric.least),
        "max": finite(metric.greatest),
    }


def finite(value: Any) -> Any:
    """A number as JSON has it: what is not finite is a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
