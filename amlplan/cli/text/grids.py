"""Grids as people read them: while they run, and compared in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.cli.text.run_json import run_json, summary_json
from amlplan.cli.text.runs import duration_text, metric_text, on_one_line, run_name, table
from amlplan.history import FINAL
from amlplan.runs.best_member import best_member
from amlplan.runs.grids import (
    GRID,
    MEMBER,
    absence,
    combination_text,
    combinations_of,
    missing_members,
)
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan.history import RunDetail, RunSummary

METRICS = 6
"""Metrics that a table has columns for."""


def counts_line(grid: RunDetail) -> str:
    """How many members are in which status."""
    counts: dict[str, int] = {}
    for member in grid.children:
        counts[member.status] = counts.get(member.status, 0) + 1
    planned = len(combinations_of(grid.definition))
    if planned > len(grid.children):
        counts["waiting"] = planned - len(grid.children)
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    return f"{run_name(grid.summary)}: {counted(planned, 'member')}: {told}"


def progress_lines(
    grid: RunDetail, combinations: Mapping[str, str], now: float, room: int
) -> list[str]:
    """A line of counts and one for each member, those that still run first where room is short.

    `combinations` are the members' by their ids.
    """
    members = list(grid.children)
    if len(members) >= room:
        members.sort(key=lambda member: member.status in FINAL)
    shown = (
        f"  {member_text(member, combinations.get(member.id, ''), now)}"
        for member in members[: room - 1]
    )
    return [counts_line(grid), *shown]


def member_text(member: RunSummary, combination: str, now: float | None = None) -> str:
    """A member in a line."""
    seconds = member.duration
    if seconds is None and member.started is not None and now is not None:
        seconds = max(0.0, now - member.started)
    took = "" if seconds is None else f" {duration_text(seconds)}"
    return f"run {member.number} ({on_one_line(combination)}): {member.status}{took}"


def grid_table(grid: RunDetail, members: Sequence[RunDetail]) -> str:
    """All members beside each other: parameters, metrics, how they ended; the best one marked."""
    swept = list(combinations_of(grid.definition)[0])
    metrics = _metric_names(grid, members)
    best = best_member(grid, members)
    head = ("", "NUMBER", *swept, *metrics, "STATUS", "TOOK", "ID")
    rows = [_row(member, swept, metrics, is_best=member is best) for member in members]
    for combination in missing_members(grid, members):
        values = (combination[name] for name in swept)
        rows.append(("", "", *values, *("" for _ in metrics), absence(grid), "-", ""))
    return "\n".join([table(head, rows), *_remarks(grid, members, metrics, best)])


def grid_json(grid: RunDetail, members: Sequence[RunDetail]) -> dict[str, Any]:
    """A grid for machines: the record of its run, and of each member what tells it from others."""
    best = best_member(grid, members)
    return {
        **run_json(grid),
        "best": None if best is None else best.summary.id,
        "members": [
            {
                **summary_json(member.summary),
                "parameters": dict(member.parameters),
                "metrics": run_json(member)["metrics"],
            }
            for member in members
        ],
        "not_started": [dict(found) for found in missing_members(grid, members)],
    }


def _metric_names(grid: RunDetail, members: Sequence[RunDetail]) -> list[str]:
    """The metrics that any member has, the one that counts first."""
    wanted = grid.definition[GRID].get("metric")
    names = dict.fromkeys(name for member in members for name in member.metrics)
    first = [wanted] if wanted in names else []
    return (first + [name for name in names if name != wanted])[:METRICS]


def _row(
    member: RunDetail, swept: Sequence[str], metrics: Sequence[str], *, is_best: bool
) -> tuple[str, ...]:
    summary = member.summary
    values = (
        metric_text(member.metrics[name].last.value) if name in member.metrics else ""
        for name in metrics
    )
    return (
        "*" if is_best else "",
        str(summary.number),
        *(str(member.parameters.get(name, "")) for name in swept),
        *values,
        summary.status,
        duration_text(summary.duration),
        summary.id,
    )


def _remarks(
    grid: RunDetail,
    members: Sequence[RunDetail],
    metrics: Sequence[str],
    best: RunDetail | None,
) -> Iterator[str]:
    failed = [member.summary for member in members if member.summary.status == "Failed"]
    if failed:
        why = f" ({on_one_line(failed[0].reason)})" if failed[0].reason else ""
        yield (
            f"{len(failed)} failed, the first {run_name(failed[0])}{why}; see: "
            f"amlplan runs logs {failed[0].id}"
        )
    every = {name for member in members for name in member.metrics}
    if len(every) > len(metrics):
        yield f"and {counted(len(every) - len(metrics), 'metric')} more: -json has all of them"
    wanted = grid.definition[GRID].get("metric")
    if best is not None and wanted is not None:
        chosen = combinations_of(grid.definition)[best.definition[MEMBER]]
        value = metric_text(best.metrics[wanted].last.value)
        yield (
            f"* best: {run_name(best.summary)}, {on_one_line(wanted)} = {value} "
            f"({on_one_line(combination_text(chosen))})"
        )
    elif wanted is not None:
        yield f"No member that completed has a number for {on_one_line(wanted)}."
