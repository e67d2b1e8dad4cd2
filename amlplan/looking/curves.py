"""Curves: series of metrics as they are drawn, with gaps where a value is no number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import RunError
from amlplan.wording import few, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amlplan.history import History, Point, RunDetail

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """A series: lines of spots with gaps between them, and how many values could not be drawn.

    `by_step` tells that x is the step that was recorded, not the count of values.
    """

    label: str
    lines: Sequence[Sequence[Spot]]
    undrawn: int = 0
    by_step: bool = False

    @property
    def spots(self) -> Iterator[Spot]:
        """All that is drawn, in its order."""
        for line in self.lines:
            yield from line


def curve_of(label: str, points: Sequence[Point]) -> Curve:
    """The curve of a series: over its steps where all have one, else in the order of recording."""
    by_step = all(point.step is not None for point in points)
    lines: list[list[Spot]] = [[]]
    undrawn = 0
    for place, point in enumerate(points):
        value = _number(point.value)
        if value is None:
            undrawn += 1
            lines.append([])
            continue
        step = point.step if by_step and point.step is not None else place
        lines[-1].append((float(step), value))
    return Curve(label, [line for line in lines if line], undrawn, by_step)


def _number(value: object) -> float | None:
    """What can be drawn: a finite number; a truth value as 0 or 1."""
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def curves_of(
    history: History, runs: Sequence[RunDetail], metrics: Sequence[str], labels: Sequence[str]
) -> list[Curve]:
    """The curves of metrics, of each run that has them; raises RunError where none has one.

    `labels` are what the runs are called; a single run goes without saying.
    """
    found: list[Curve] = []
    for metric in metrics:
        having = [
            (run, label) for run, label in zip(runs, labels, strict=True) if metric in run.metrics
        ]
        if not having:
            raise _not_recorded(metric, runs)
        for run, label in having:
            name = _label(metric, label, len(metrics), len(runs))
            found.append(curve_of(name, history.series(run.summary.id, metric)))
    return found


def _label(metric: str, run: str, metrics: int, runs: int) -> str:
    if runs == 1:
        return metric
    return run if metrics == 1 else f"{metric}, {run}"


def _not_recorded(metric: str, runs: Sequence[RunDetail]) -> RunError:
    known = sorted({name for run in runs for name in run.metrics})
    there = f" Recorded: {few(known)}." if known else " No metric was recorded at all."
    who = runs[0].summary.id if len(runs) == 1 else "None of the runs"
    did = "did not record" if len(runs) == 1 else "recorded"
    return RunError(
        "No such metric", f"{who} {did} a metric {metric}.{suggestion(metric, known)}{there}"
    )
