"""The members of a grid as they are looked at: by their combination, with their curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.looking.curves import curve_of
from amlplan.runs.conducted import members_of
from amlplan.runs.grids import MEMBER, combination_text, combinations_of, is_grid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.history import RunDetail
    from amlplan.looking.curves import Curve
    from amlplan.runs.place import RunPlace

DRAWN = 16
"""Members whose curves are drawn: more could not be told apart."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member with what it was given, and its curves by metric where they are drawn."""

    run: RunDetail
    combination: Mapping[str, str]
    curves: Mapping[str, Curve]

    @property
    def label(self) -> str:
        """What it is called beside the others."""
        return f"run {self.run.summary.number} ({combination_text(self.combination)})"


def members_with_curves(place: RunPlace, grid: RunDetail) -> Sequence[Member]:
    """The members of a grid that were started; none of a run that is no grid."""
    if not is_grid(grid.definition):
        return ()
    planned = combinations_of(grid.definition)
    found = [
        Member(run, planned[run.definition[MEMBER]], {})
        for run in members_of(grid.summary.id, place)
    ]
    return [_drawn(each, place) for each in found[:DRAWN]] + found[DRAWN:]


def _drawn(member: Member, place: RunPlace) -> Member:
    run_id = member.run.summary.id
    curves = {
        name: curve_of(member.label, place.history.series(run_id, name))
        for name, metric in member.run.metrics.items()
        if metric.count > 1
    }
    return Member(member.run, member.combination, curves)
