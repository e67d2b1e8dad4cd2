"""`amlplan runs show`: all about one run, and its metrics as plots."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from amlplan.cli.commands.looking.drawing import check_plots, draw, plot_options, series_json
from amlplan.cli.console import Console
from amlplan.cli.options import Command, flag
from amlplan.cli.run_options import LATEST, RUN_HELP, opened, run_options
from amlplan.cli.text.grids import grid_table
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_errors import errors_text
from amlplan.cli.text.run_json import run_json
from amlplan.cli.text.runs import run_text
from amlplan.looking.curves import curves_of
from amlplan.looking.members import DRAWN, members_with_curves
from amlplan.runs.conducted import members_of
from amlplan.runs.grids import is_grid
from amlplan.runs.standing import place_in_queue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from amlplan.history import RunDetail
    from amlplan.runs.place import RunPlace


@click.command("show", cls=Command, epilog=RUN_HELP)
@click.argument("run", default=LATEST)
@run_options
@plot_options
@flag("json", "Print for machines; with -plot, the values of the series too.")
def show_command(
    run: str,
    workspace: str | None,
    history: str | None,
    plots: tuple[str, ...],
    png: Path | None,
    svg: Path | None,
    *,
    json: bool,
) -> int:
    """Show one RUN: how it ended, its metrics, outputs and origin; or plots of metrics."""
    console = Console(sys.stdout, sys.stderr)
    check_plots(plots, png, svg)
    place = opened(console, workspace)
    detail = place.history.run(run, history=history)
    errors = place.history.records(detail.summary.id, "error")
    waits = place_in_queue(detail.summary.id, place) if detail.summary.status == "Queued" else None
    if json:
        shown = {**run_json(detail), "errors": [dict(error.data) for error in errors]}
        if waits is not None:
            shown["place_in_queue"] = waits
        if plots:
            shown |= _series(place, detail, plots)
        console.print(json_text(shown))
    elif not plots:
        shown_text = run_text(_with_place(detail, waits))
        console.print("\n".join(filter(None, [shown_text, errors_text(errors)])))
        if is_grid(detail.definition):
            console.print("\n" + grid_table(detail, members_of(detail.summary.id, place)))
    members = members_with_curves(place, detail)[:DRAWN] if plots else ()
    drawn = [member.run for member in members] or [detail]
    labels = [member.label for member in members] or None
    draw(console, place.history, drawn, plots, png, svg, is_silent=json, labels=labels)
    if members and len(members) < len(detail.children) and not json:
        console.print(f"Drawn are the first {DRAWN} of {len(detail.children)} members.")
    return 0


def _series(place: RunPlace, run: RunDetail, plots: Sequence[str]) -> dict[str, Any]:
    """The values of metrics: a run's own, or those of the members of a grid that have them."""
    if not is_grid(run.definition):
        return {"series": series_json(place.history, run, plots)}
    members = members_of(run.summary.id, place)
    curves_of(place.history, members, plots, ["" for _ in members])  # says what is not there
    return {
        "series": {},
        "member_series": {
            member.summary.id: series_json(
                place.history, member, [name for name in plots if name in member.metrics]
            )
            for member in members
        },
    }


def _with_place(run: RunDetail, waits: int | None) -> RunDetail:
    """The run with its place in the queue behind its status."""
    if waits is None:
        return run
    status = f"{run.summary.status} ({waits})"
    return replace(run, summary=replace(run.summary, status=status))
