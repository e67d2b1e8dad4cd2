"""The run that is served, with its children: what happened so far, and where more is appended."""

from __future__ import annotations

import errno
import math
import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from amlplan_endpoint.answers import FAILED, MISSING, Refusal
from amlplan_endpoint.event_lines import EventLines
from amlplan_endpoint.names import shown, told
from amlplan_endpoint.run_record import Point, RunRecord, point_of
from amlplan_local.run_events import EventFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_endpoint.answers import Json

REMEMBERED = 50_000
"""Points among which one that a client sends again, having got no answer, is recognised."""
LONGEST = 1024 * 1024 - 256
"""Bytes of a line; what is longer is no event for anybody."""


class Recording:
    """All runs of one folder. Each change is in the event file when it returns.

    Safe for several threads. What other writers append is taken in by `refresh`.
    """

    def __init__(self, root: str, folder: Path) -> None:
        self.root = root
        self.folder = folder
        self.lock = threading.RLock()
        self.models: dict[str, Json] = {}
        """Logged models by their id, as their last event has them."""
        self.model_points: dict[str, dict[str, tuple[str, Point]]] = {}
        """The latest run and point of each metric of each logged model."""
        self._runs: dict[str, RunRecord] = {root: RunRecord(root, started=time.time())}
        self._seen: set[tuple[Any, ...]] = set()
        self._order: deque[tuple[Any, ...]] = deque()
        own = f"service-{time.time_ns()}-{os.getpid()}.jsonl"
        self._path = folder / "events" / own
        self._file: EventFile | None = None
        self._others = EventLines(folder / "events", own)

    def refresh(self) -> None:
        """Take in what other processes recorded since."""
        with self.lock:
            for event in self._others.new():
                self._take(event)

    def run(self, name: str) -> RunRecord:
        """A run by its id, as MLflow's clients or ours call it; raises Refusal."""
        found = self.find(name)
        if found is None:
            raise Refusal(
                MISSING, f"Run {name!r} is not one of {shown(self.root)} or its children."
            )
        return found

    def find(self, name: str) -> RunRecord | None:
        """A run by its id; None where it is another's."""
        run = told(name, self.root)
        if run not in self._runs and run.startswith(self.root + "."):
            self.refresh()  # the script may have started it itself
        return self._runs.get(run)

    def runs(self) -> list[RunRecord]:
        """The run itself and its children, in the order of their beginning."""
        with self.lock:
            return list(self._runs.values())

    def record(self, run: str, kind: str, **fields: Any) -> None:
        """Append an event of a run; raises Refusal where it cannot be kept."""
        event: Json = {"type": kind} if run == self.root else {"type": kind, "run": run}
        event.update(fields)
        with self.lock:
            self._append(event)
            self._take({"t": time.time(), **event})

    def record_point(self, run: str, name: str, point: Point, **more: Any) -> None:
        """Append a point of a metric; the very same point again is the same point."""
        key = (run, name, str(point.value), point.timestamp, point.step)
        with self.lock:
            if key not in self._seen:
                self.record(run, "metric", **metric_event(name, point), **more)

    def events(self, kind: str) -> Iterator[Json]:
        """All events of a type, file by file in the order of their recording."""
        found = EventLines(self.folder / "events").new()
        return (event for event in found if event.get("type") == kind)

    def series(self, run: str, name: str) -> Iterator[Point]:
        """The points of a metric, in the order of their recording in each file."""
        for event in self.events("metric"):
            if event.get("name") == name:
                point = point_of(event) if event.get("run", self.root) == run else None
                if point is not None:
                    yield point

    def close(self) -> None:
        """Make what was appended survive a power loss."""
        if self._file is not None:
            self._file.sync()
            self._file.close()

    def _append(self, event: Json) -> None:
        if len(repr(event)) > LONGEST // 6:  # each letter may take six bytes
            _check_length(event)
        try:
            if self._file is None:
                self._file = EventFile(self._path)
            self._file.append(event)
        except OSError as failure:
            why = failure.strerror or os.strerror(failure.errno or errno.EIO)
            raise Refusal(FAILED, f"{self._path} cannot be written: {why}.") from failure

    def _take(self, event: Json) -> None:
        try:
            run = self._of(event.get("run", self.root))
            run.take(event)
            if event["type"] == "metric":
                self._remember(run.id, event)
            elif event["type"] == "model" and "model_id" in event:
                self.models[event["model_id"]] = event
        except (KeyError, TypeError, ValueError, AttributeError):
            return  # whoever wrote it is told by the history, which counts it

    def _of(self, run: str) -> RunRecord:
        found = self._runs.get(run)
        if found is None:
            if not run.startswith(self.root + "."):
                raise ValueError(run)
            found = self._runs[run] = RunRecord(run, run.rpartition(".")[0])
            found.history = self._runs[self.root].history
        return found

    def _remember(self, run: str, event: Json) -> None:
        point = point_of(event)
        if point is None:
            return
        if event.get("model_id"):
            of_model = self.model_points.setdefault(event["model_id"], {})
            of_model[event["name"]] = (run, point)
        key = (run, event["name"], str(point.value), point.timestamp, point.step)
        if key not in self._seen:
            self._seen.add(key)
            self._order.append(key)
            if len(self._order) > REMEMBERED:
                self._seen.discard(self._order.popleft())


def metric_event(name: str, point: Point) -> Json:
    """The fields of the event of a point."""
    fields: Json = {"name": name, "value": point.value, "step": point.step}
    if not math.isfinite(point.value):
        word = "NaN" if math.isnan(point.value) else "Infinity"
        fields |= {"value": word if point.value != -math.inf else "-Infinity", "special": True}
    return {**fields, "timestamp": point.timestamp}


def _check_length(event: Json) -> None:
    import json

    length = len(json.dumps(event))
    if length > LONGEST:
        raise Refusal(
            "INVALID_PARAMETER_VALUE",
            f"A {event['type']} of {length} bytes is more than the {LONGEST} that history takes; "
            "keep it as an artifact.",
        )
