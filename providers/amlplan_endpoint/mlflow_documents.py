"""Runs in the form in which MLflow's clients read them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from amlplan_endpoint.answers import listed
from amlplan_endpoint.names import shown

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json
    from amlplan_endpoint.run_record import Point, RunRecord

EXPERIMENT = "0"
"""What clients take where a script names no experiment."""
STATUSES = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED"}
PARENT_TAG, NAME_TAG = "mlflow.parentRunId", "mlflow.runName"


def run_document(run: RunRecord, status: str | None = None) -> Json:
    """A run with its data; `status` is what its script said last of it, where it said anything."""
    return {
        "info": run_info(run, status),
        "data": {
            "metrics": [metric_document(name, point) for name, point in run.latest.items()],
            "params": listed({**run.given, **run.parameters}),
            "tags": listed(tags_of(run)),
        },
        "inputs": {"dataset_inputs": run.inputs},
        "outputs": {
            "model_outputs": [{"model_id": key, "step": step} for key, step in run.gave.items()]
        },
    }


def run_info(run: RunRecord, status: str | None = None) -> Json:
    """What a run is, without its data."""
    name = shown(run.id)
    info = {
        "run_id": name,
        "run_uuid": name,
        "run_name": run.tags.get(NAME_TAG) or run.name or name,
        "experiment_id": EXPERIMENT,
        "user_id": run.tags.get("mlflow.user") or run.by,
        "status": status or status_of(run),
        "start_time": milliseconds(run.started),
        "artifact_uri": f"mlflow-artifacts:/runs/{name}",
        "lifecycle_stage": "deleted" if run.is_deleted else "active",
    }
    return info if run.ended is None else {**info, "end_time": milliseconds(run.ended)}


def status_of(run: RunRecord) -> str:
    """How a run stands, in MLflow's words."""
    return STATUSES.get(run.status, "RUNNING")


def tags_of(run: RunRecord) -> dict[str, str]:
    """The tags of a run; a child names its parent as MLflow would."""
    parent = {} if run.parent is None else {PARENT_TAG: shown(run.parent)}
    return {NAME_TAG: run.name or shown(run.id), **parent, **run.tags}


def metric_document(name: str, point: Point) -> Json:
    """A point of a metric."""
    value: float | str = point.value
    if math.isnan(point.value):
        value = "NaN"
    elif math.isinf(point.value):
        value = "Infinity" if point.value > 0 else "-Infinity"
    return {"key": name, "value": value, "timestamp": point.timestamp, "step": point.step}


def milliseconds(time: float) -> int:
    """A unix time as MLflow writes it."""
    return int(time * 1000)
