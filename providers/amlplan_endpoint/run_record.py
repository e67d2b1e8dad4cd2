"""What is known of one run, put together from its events."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan_endpoint.answers import Json

RUNNING = "Running"
FINAL = frozenset({"Completed", "Failed", "Canceled"})
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a metric; `timestamp` is in milliseconds, as its script gave it."""

    value: float
    timestamp: int
    step: int

    @property
    def order(self) -> tuple[int, int, bool, float]:
        """What is later by MLflow's rule is greater; NaN is less than every number."""
        is_number = not math.isnan(self.value)
        return self.step, self.timestamp, is_number, self.value if is_number else 0.0


@dataclass(slots=True)
class RunRecord:
    """One run; times are unix times. `given` are the parameters that it was started with."""

    id: str
    parent: str | None = None
    number: int | None = None
    history: str = ""
    name: str = ""
    by: str = ""
    status: str = RUNNING
    started: float = 0.0
    ended: float | None = None
    given: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    latest: dict[str, Point] = field(default_factory=dict)
    inputs: list[Json] = field(default_factory=list)
    gave: dict[str, int] = field(default_factory=dict)
    """Logged models by their id, with the step of each."""

    @property
    def is_deleted(self) -> bool:
        """Whether the script took it back; it is in history all the same."""
        return self.tags.get(LIFECYCLE) == "deleted"

    def take(self, event: Json) -> None:
        """Let an event have its effect; raises KeyError, TypeError or ValueError for no event."""
        taker = _TAKERS.get(event["type"])
        if taker is not None:
            taker(self, event)


LIFECYCLE = "mlflow.lifecycleStage"


def point_of(event: Json) -> Point | None:
    """The point of a metric's event; None where its value is text."""
    value = event["value"]
    if event.get("special") is True:
        value = _WORDS[value]
    if isinstance(value, str):
        return None
    timestamp = event.get("timestamp", int(event["t"] * 1000))
    return Point(float(value), int(timestamp), int(event.get("step") or 0))


def _take_run(run: RunRecord, event: Json) -> None:
    definition = event.get("definition") or {}
    run.parent, run.number = event.get("parent"), event.get("number")
    run.history, run.name = event.get("history") or "", event.get("name") or ""
    run.by, run.started = event.get("by") or "", float(event["t"])
    given = definition.get("parameters") or {}
    run.given = {str(name): str(value) for name, value in given.items()}


def _take_status(run: RunRecord, event: Json) -> None:
    if run.status in FINAL:
        return
    run.status = str(event["status"])
    if run.status in FINAL:
        run.ended = float(event["t"])


def _take_metric(run: RunRecord, event: Json) -> None:
    point = point_of(event)
    if point is not None:
        before = run.latest.get(event["name"])
        if before is None or point.order >= before.order:
            run.latest[event["name"]] = point


def _take_parameter(run: RunRecord, event: Json) -> None:
    run.parameters.setdefault(event["name"], event["value"])


def _take_tag(run: RunRecord, event: Json) -> None:
    if event.get("removed") is True:
        run.tags.pop(event["name"], None)
    else:
        run.tags[event["name"]] = event.get("value") or ""


def _take_property(run: RunRecord, event: Json) -> None:
    run.properties.setdefault(event["name"], event["value"])


def _take_row(run: RunRecord, event: Json) -> None:
    if isinstance(event.get("input"), dict) and event["input"] not in run.inputs:
        run.inputs.append(event["input"])


def _take_list(run: RunRecord, event: Json) -> None:
    for model_id, step in event.get("gave", {}).items():
        run.gave[model_id] = int(step)


_TAKERS: dict[str, Callable[[RunRecord, dict[str, Any]], None]] = {
    "run": _take_run,
    "status": _take_status,
    "metric": _take_metric,
    "parameter": _take_parameter,
    "tag": _take_tag,
    "property": _take_property,
    "row": _take_row,
    "list": _take_list,
}
