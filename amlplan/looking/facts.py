"""What a run is known by: its fields, metrics, parameters, tags and properties, each by a name."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from amlplan.errors import RunError
from amlplan.wording import few, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from amlplan.history import Metric, RunOverview, RunSummary

Fact = Any
"""A number, text, a truth value, or None."""


def moment_text(moment: float | None) -> str | None:
    """A moment in local time in an order that texts sort by."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def taken(run: RunSummary) -> float | None:
    """The seconds that a run took, or takes until now."""
    if run.duration is not None or run.started is None or run.ended is not None:
        return run.duration
    return max(0.0, time.time() - run.started)


FIELDS: Final[Mapping[str, Callable[[RunSummary], Fact]]] = {
    "number": lambda run: run.number,
    "history": lambda run: run.history,
    "name": lambda run: run.name,
    "status": lambda run: run.status,
    "started": lambda run: moment_text(run.started),
    "created": lambda run: moment_text(run.created),
    "ended": lambda run: moment_text(run.ended),
    "duration": taken,
    "exit_code": lambda run: run.exit_code,
    "reason": lambda run: run.reason,
    "parent": lambda run: run.parent,
    "by": lambda run: run.by,
    "host": lambda run: run.host,
    "id": lambda run: run.id,
}
"""The fields of each run."""


def _of_metrics(part: Callable[[Metric], Fact]) -> Callable[[RunOverview, str], Fact]:
    def found(run: RunOverview, name: str) -> Fact:
        metric = run.metrics.get(name)
        return None if metric is None else part(metric)

    return found


FAMILIES: Final[Mapping[str, Callable[[RunOverview, str], Fact]]] = {
    "metrics": _of_metrics(lambda metric: metric.last.value),
    "params": lambda run, name: run.parameters.get(name),
    "parameters": lambda run, name: run.parameters.get(name),
    "tags": lambda run, name: run.tags.get(name),
    "properties": lambda run, name: run.properties.get(name),
    "min": _of_metrics(lambda metric: metric.least),
    "max": _of_metrics(lambda metric: metric.greatest),
    "count": _of_metrics(lambda metric: metric.count),
}
"""What runs name themselves; of a series, `metrics` has the last value."""
_UNQUALIFIED = ("metrics", "params", "tags", "properties")
"""The families that a bare name is looked for in, in this order."""


@dataclass(frozen=True, slots=True)
class FactName:
    """Something that a run may have: a field, or a name in a family."""

    family: str | None
    name: str

    def of(self, run: RunOverview) -> Fact:
        """What a run has of it, None where it has none."""
        if self.family is None:
            return FIELDS[self.name](run.summary)
        return FAMILIES[self.family](run, self.name)


def fact_named(text: str, runs: Iterable[RunOverview]) -> FactName:
    """What a name means among runs: `metrics.loss`, `loss`, `duration`; raises RunError.

    A field comes first, then a metric, a parameter, a tag and a property.
    """
    if text in FIELDS:
        return FactName(None, text)
    runs = list(runs)
    family, dot, rest = text.partition(".")
    if dot and family in FAMILIES and _is_known(family, rest, runs):
        return FactName(family, rest)
    for each in _UNQUALIFIED:
        if _is_known(each, text, runs):
            return FactName(each, text)
    raise _no_fact(text, runs)


def names_of(run: RunOverview, family: str) -> Iterable[str]:
    """The names that a run has in a family."""
    if family in {"params", "parameters"}:
        return run.parameters
    return {"tags": run.tags, "properties": run.properties}.get(family, run.metrics)


def _is_known(family: str, name: str, runs: Iterable[RunOverview]) -> bool:
    return any(name in names_of(run, family) for run in runs)


def names_in(family: str, runs: Iterable[RunOverview]) -> list[str]:
    """All names that runs have in a family."""
    return sorted({name for run in runs for name in names_of(run, family)})


def _no_fact(text: str, runs: list[RunOverview]) -> RunError:
    bare = text.partition(".")[2] if text.partition(".")[0] in FAMILIES else text
    known = [name for family in _UNQUALIFIED for name in names_in(family, runs)]
    near = nearest(bare, [*known, *FIELDS])
    hint = f' Did you mean "{near}"?' if near else ""
    metrics = names_in("metrics", runs)
    there = f" Their metrics: {few(metrics)}." if metrics else " They recorded no metric."
    return RunError(
        "No run has this",
        f"None of these runs has a field, metric, parameter, tag or property {text}.{hint}{there} "
        f"Fields are {', '.join(FIELDS)}.",
    )
