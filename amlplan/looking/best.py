"""The best of many runs by a metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from amlplan.errors import RunError
from amlplan.looking.facts import FactName, names_in
from amlplan.looking.finding import in_order, sort_key
from amlplan.wording import few, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.history import RunOverview

Goal = Literal["minimize", "maximize"]
_FAMILIES = {"last": "metrics", "min": "min", "max": "max"}


@dataclass(frozen=True, slots=True)
class Ranking:
    """Runs that have a metric, the best first; ties go to the older run."""

    fact: FactName
    runs: Sequence[RunOverview]


def ranked(runs: Sequence[RunOverview], metric: str, goal: Goal, aggregate: str) -> Ranking:
    """Runs by a metric; raises RunError where none has it, or none has a number for it."""
    known = names_in("metrics", runs)
    if metric not in known:
        hint = suggestion(metric, known)
        there = f" Their metrics: {few(known)}." if known else " None of them recorded a metric."
        raise RunError(
            "No run has this metric",
            f"None of the {len(runs)} runs that are looked at recorded {metric}.{hint}{there}"
            if runs
            else "There is no run to look at. See which there are with: amlplan runs list",
        )
    fact = FactName(_FAMILIES[aggregate], metric)
    oldest_first = list(reversed(runs))
    having = [run for run in oldest_first if _is_number(fact, run)]
    if not having:
        raise RunError(
            "No run has a number for this metric",
            f"{metric} is text or NaN in all runs that are looked at, and those have no order.",
        )
    if goal == "minimize":
        return Ranking(fact, in_order(having, fact))
    # Reversed sorting keeps the order of what is equal, so that the older one stays first.
    return Ranking(fact, in_order(having, fact, is_reversed=True))


def _is_number(fact: FactName, run: RunOverview) -> bool:
    value = fact.of(run)
    return not isinstance(value, str) and sort_key(value) is not None
