"""`amlplan runs report`: a page about runs that anybody can open."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from amlplan.cli.commands.looking.drawing import short_names, write_text
from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option
from amlplan.cli.run_options import RUN_HELP, opened, run_options
from amlplan.cli.text.runs import size_text
from amlplan.wording import counted


@click.command("report", cls=Command, epilog=RUN_HELP)
@click.argument("runs", nargs=-1)
@run_options
@click.option(
    "--o",
    "output",
    cls=Option,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to, else to the run's id with .html.",
)
def report_command(
    runs: tuple[str, ...], workspace: str | None, history: str | None, output: Path | None
) -> int:
    """Write one page of HTML about RUNS, the latest where none is named.

    It needs no other file and no network. Several runs are compared.
    """
    from amlplan.looking.comparison import comparison
    from amlplan.looking.report.gathering import gathered
    from amlplan.looking.report.page import page

    console = Console(sys.stdout, sys.stderr)
    place = opened(console, workspace)
    details = [place.history.run(run, history=history) for run in runs or ("latest",)]
    labels = short_names(details)
    found = [gathered(place, run, label) for run, label in zip(details, labels, strict=True)]
    compared = comparison(details, place.content, everything=True) if len(details) > 1 else []
    path = output or Path(f"{details[0].summary.id}.html")
    text = page(found, labels, compared, time.time())
    write_text(path, text)
    size = size_text(len(text.encode()))
    console.print(f"{path} ({size}) tells of {counted(len(details), 'run')}.")
    return 0
