"""Which member of a grid came out best."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from amlplan.runs.grids import GRID, MEMBER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.history import RunDetail


def best_member(grid: RunDetail, members: Sequence[RunDetail]) -> RunDetail | None:
    """The completed member with the best last value of the grid's metric; None where none has."""
    metric = grid.definition[GRID].get("metric")
    sign = -1 if grid.definition[GRID].get("goal") == "maximize" else 1
    values = {
        member.summary.id: (sign * value, member.definition.get(MEMBER, 0), member)
        for member in members
        if member.summary.status == "Completed" and (value := _number(member, metric)) is not None
    }
    return min(values.values(), key=lambda found: found[:2])[2] if values else None


def _number(member: RunDetail, metric: str | None) -> float | None:
    found = None if metric is None else member.metrics.get(metric)
    value = None if found is None else found.last.value
    if isinstance(value, str | bool) or value is None or math.isnan(value):
        return None
    return float(value)
