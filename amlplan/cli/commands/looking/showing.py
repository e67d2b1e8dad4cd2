"""`amlplan runs show`: all about one run, and its metrics as plots."""

from __future__ import annotations

import sys
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

if TYPE_CHECKING:
    from pathlib import Path


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
    if json:
        shown = {**run_json(detail), "errors": [dict(error.data) for error in errors]}
        if plots:
            shown["series"] = series_json(place.history, detail, plots)
        console.print(json_text(shown))
    elif not plots:
        console.print("\n".join(filter(None, [run_text(detail), errors_text(errors)])))
        if is_grid(detail.definition):
            console.print("\n" + grid_table(detail, members_of(detail.summary.id, place)))
    draw(console, place.history, [detail], plots, png, svg, is_silent=json)
    return 0
