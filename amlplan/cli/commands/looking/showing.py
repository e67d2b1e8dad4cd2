"""`amlplan runs show`: all about one run, and its metrics as plots."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

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
from amlplan.runs.conducted import members_of
from amlplan.runs.grids import is_grid
from amlplan.runs.standing import place_in_queue

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.history import RunDetail


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
            shown["series"] = series_json(place.history, detail, plots)
        console.print(json_text(shown))
    elif not plots:
        shown_text = run_text(_with_place(detail, waits))
        console.print("\n".join(filter(None, [shown_text, errors_text(errors)])))
        if is_grid(detail.definition):
            console.print("\n" + grid_table(detail, members_of(detail.summary.id, place)))
    draw(console, place.history, [detail], plots, png, svg, is_silent=json)
    return 0


def _with_place(run: RunDetail, waits: int | None) -> RunDetail:
    """The run with its place in the queue behind its status."""
    if waits is None:
        return run
    status = f"{run.summary.status} ({waits})"
    return replace(run, summary=replace(run.summary, status=status))
