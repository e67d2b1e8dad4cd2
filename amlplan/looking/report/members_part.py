"""What a report tells of the members of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.looking.facts import taken
from amlplan.looking.report.elements import grid, section
from amlplan.looking.report.plots_part import plots
from amlplan.runs.best_member import best_member
from amlplan.runs.grids import absence, missing_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amlplan.history import RunDetail
    from amlplan.looking.curves import Curve
    from amlplan.looking.members import Member


def members_part(run: RunDetail, members: Sequence[Member]) -> str:
    """All members beside each other, the best one marked, and their curves overlaid."""
    if not members:
        return ""
    swept = list(members[0].combination)
    metrics = list(dict.fromkeys(name for each in members for name in each.run.metrics))
    best = best_member(run, [each.run for each in members])
    head = ("MEMBER", *swept, *metrics, "STATUS", "TOOK", "ID")
    rows = [_row(each, swept, metrics) for each in members]
    marked = [each.run is best for each in members]
    for combination in missing_members(run, [each.run for each in members]):
        values = (combination[name] for name in swept)
        rows.append(("", *values, *("" for _ in metrics), absence(run), "", ""))
        marked.append(False)
    return section("Members", grid(head, rows, marked)) + plots(dict(_overlaid(members, metrics)))


def _row(member: Member, swept: Sequence[str], metrics: Sequence[str]) -> tuple[Any, ...]:
    run = member.run
    last = (run.metrics[name].last.value if name in run.metrics else "" for name in metrics)
    took = taken(run.summary)
    return (
        run.summary.number,
        *(member.combination[name] for name in swept),
        *last,
        run.summary.status,
        None if took is None else f"{took:.1f} s",
        run.summary.id,
    )


def _overlaid(
    members: Sequence[Member], metrics: Sequence[str]
) -> Iterator[tuple[str, list[Curve]]]:
    for name in metrics:
        curves = [each.curves[name] for each in members if name in each.curves]
        if curves:
            yield name, curves
