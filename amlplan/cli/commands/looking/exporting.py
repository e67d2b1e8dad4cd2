"""`amlplan runs export`: runs for other tools."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.commands.looking.drawing import write_text
from amlplan.cli.commands.looking.wanted import read_wanted, wanted_options, warn_of_unheard
from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option
from amlplan.cli.run_options import RUN_HELP, opened, run_options
from amlplan.cli.text.json_text import json_text
from amlplan.errors import RunError
from amlplan.wording import counted

if TYPE_CHECKING:
    from amlplan.history import RunDetail, RunOverview
    from amlplan.looking.finding import Wanted
    from amlplan.runs.place import RunPlace

FORMATS = ("json", "csv", "csv-values", "tensorboard")


@click.command("export", cls=Command, epilog=RUN_HELP)
@click.argument("runs", nargs=-1)
@run_options
@wanted_options
@click.option(
    "--format",
    "form",
    cls=Option,
    type=click.Choice(FORMATS),
    default="json",
    show_default=True,
    help="csv has a row for each run, csv-values one for each value of a metric.",
)
@click.option(
    "--to",
    cls=Option,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Where to, else to standard output; for tensorboard a folder, which is needed.",
)
def export_command(
    runs: tuple[str, ...],
    workspace: str | None,
    history: str | None,
    name: str | None,
    tags: tuple[str, ...],
    since: str | None,
    where: str | None,
    form: str,
    to: Path | None,
) -> int:
    """Hand on RUNS, or all that the options ask for, with their children."""
    if form == "tensorboard" and to is None:
        raise click.UsageError(
            "-format=tensorboard needs a folder, as in -to=logs", click.get_current_context()
        )
    console = Console(sys.stdout, sys.stderr)
    wanted = read_wanted(name=name, tags=tags, since=since, where=where)
    place = opened(console, workspace)
    found = _found(console, place, runs, history, wanted)
    if form == "tensorboard" and to is not None:
        from amlplan.looking.export.log_folders import write_log_folders

        written = write_log_folders(place.history, _details(place, found), to)
        console.print(f"{counted(len(written), 'run')} in {to}. See: tensorboard --logdir {to}")
        return 0
    text = _text(place, found, form)
    if to is None:
        console.print(text, end="")
    else:
        write_text(to, text)
        console.print(f"{counted(len(found), 'run')} in {to}")
    return 0


def _found(
    console: Console,
    place: RunPlace,
    runs: tuple[str, ...],
    history: str | None,
    wanted: Wanted,
) -> list[RunOverview]:
    """The runs that are wanted, the oldest first, children after their parents."""
    every = place.history.overviews(history, with_children=True)
    ids = {place.history.run(run, history=history).summary.id for run in runs}
    if not ids:
        warn_of_unheard(console, wanted, every)
    top = [run for run in every if run.summary.number is not None or run.summary.parent is None]
    chosen = [run for run in every if run.summary.id in ids] if ids else wanted.found(top)
    if not chosen:
        raise RunError(
            "No run to export",
            "No run is like that. See which there are with: amlplan runs list",
        )
    kept = {run.summary.id for run in chosen}
    for run in reversed(every):
        if run.summary.parent in kept:
            kept.add(run.summary.id)
    return [run for run in reversed(every) if run.summary.id in kept]


def _details(place: RunPlace, found: list[RunOverview]) -> list[RunDetail]:
    return [place.history.run(run.summary.id) for run in found]


def _text(place: RunPlace, found: list[RunOverview], form: str) -> str:
    from amlplan.looking.export.tables import FORMAT_VERSION, run_document, runs_csv, values_csv

    if form == "csv":
        return runs_csv(found)
    details = _details(place, found)
    if form == "csv-values":
        return values_csv(place.history, details)
    documents = [run_document(place.history, run) for run in details]
    return json_text({"format_version": FORMAT_VERSION, "runs": documents}) + "\n"
