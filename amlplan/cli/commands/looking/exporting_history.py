"""`amlplan history export`: runs into an MLflow server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from amlplan.cli.commands.looking.wanted import read_wanted, wanted_options, warn_of_unheard
from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option, flag
from amlplan.cli.run_options import opened, run_options, warned
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.history import RunOverview
    from amlplan.looking.mlflow.exporting import Exported


@click.command("export", cls=Command)
@run_options
@wanted_options
@click.option(
    "--mlflow",
    "uri",
    cls=Option,
    required=True,
    metavar="URI",
    help="The MLflow server, as in http://localhost:5000.",
)
@flag("files", "Outputs and logs too; -files=false leaves them out.", is_on=True)
@flag("json", "Print for machines.")
def export_command(
    workspace: str | None,
    history: str | None,
    name: str | None,
    tags: tuple[str, ...],
    since: str | None,
    where: str | None,
    uri: str,
    *,
    files: bool,
    json: bool,
) -> int:
    """Export runs that ended to an MLflow server, with their children.

    A history becomes an experiment of its name. Each run is exported once: again, only its tags are
    brought up to date.
    """
    from amlplan.looking.mlflow.exporting import Exporter
    from amlplan.looking.mlflow.server import MlflowServer

    console = Console(sys.stdout, sys.stderr)
    wanted = read_wanted(name=name, tags=tags, since=since, where=where)
    server = MlflowServer(uri)
    place = opened(console, workspace)
    every = place.history.overviews(history, with_children=True)
    warn_of_unheard(console, wanted, every)
    runs = _with_children(wanted.found(every), every)
    exporter = Exporter(place, server, files, lambda run: None if json else console.print(run))
    try:
        done = exporter.export([place.history.run(run.summary.id) for run in runs])
    finally:
        server.close()
    if done.without_files:
        warned(
            console,
            f"The files of {counted(done.without_files, 'run')} were not sent: the server does not "
            "keep artifacts itself. Start it with --artifacts-destination, or send none: "
            "-files=false",
        )
    console.print(json_text(_document(done)) if json else _text(done, server.uri))
    return 0


def _with_children(found: Sequence[RunOverview], every: Sequence[RunOverview]) -> list[RunOverview]:
    """Runs and what belongs to them, each after what it belongs to."""
    kept = {run.summary.id for run in found}
    oldest_first = list(reversed(every))
    for run in oldest_first:
        if run.summary.parent in kept:
            kept.add(run.summary.id)
    chosen = [run for run in oldest_first if run.summary.id in kept]
    return sorted(chosen, key=lambda run: _depth(run, {each.summary.id: each for each in chosen}))


def _depth(run: RunOverview, runs: dict[str, RunOverview]) -> int:
    depth = 0
    while run.summary.parent in runs and depth < len(runs):
        run, depth = runs[str(run.summary.parent)], depth + 1
    return depth


def _document(done: Exported) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "exported": done.made,
        "already_there": done.there,
        "going_on": done.going_on,
    }


def _text(done: Exported, uri: str) -> str:
    text = f"{counted(len(done.made), 'run')} exported to {uri}"
    if done.there:
        text += f", {len(done.there)} there already"
    if done.going_on:
        text += f", {len(done.going_on)} not ended yet"
    return f"{text}."
