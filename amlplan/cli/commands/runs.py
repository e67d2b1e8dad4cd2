"""`amlplan runs`: what was run, what it recorded and gave, and ending what still runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amlplan.cli.console import Console
from amlplan.cli.interrupt import ending_on_signals
from amlplan.cli.options import Command, CommandGroup, Option, flag
from amlplan.cli.style import styled, visible
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION, run_json, summary_json
from amlplan.cli.text.runs import run_name, run_text, runs_table, size_text, status_text
from amlplan.cli.workspaces import open_workspace
from amlplan.errors import RunError
from amlplan.history import FINAL, NEXT
from amlplan.runs.due import bring_up_to_date
from amlplan.runs.elsewhere import check_is_here, is_elsewhere, log_of
from amlplan.runs.follow import LogTail, follow
from amlplan.runs.outputs import download
from amlplan.runs.place import root_of
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.runs.place import RunPlace

LATEST = "latest"
RUN_HELP = "A RUN is an id or the beginning of one, a number, or latest."


def run_options(function: Any) -> Any:
    """The options that tell which workspace and history a run is looked for in."""
    function = click.option(
        "--history", cls=Option, metavar="NAME", help="Look in this history only."
    )(function)
    return click.option(
        "--workspace", cls=Option, metavar="NAME", help="Look in another workspace."
    )(function)


def opened(console: Console, workspace: str | None) -> RunPlace:
    """The workspace, with all that is due taken in; runs that cannot be looked at are told."""
    place = open_workspace(workspace)
    for failure in bring_up_to_date(place):
        console.error(f"{styled('yellow', 'Warning:')} {visible(str(failure))}\n")
    return place


@click.group("runs", cls=CommandGroup)
def command() -> None:
    """Look at runs, fetch what they gave, end them."""


@command.command("list", cls=Command)
@run_options
@click.option("--status", cls=Option, type=click.Choice(list(NEXT)), help="Only these.")
@click.option(
    "--limit",
    cls=Option,
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many, the newest first.",
)
@flag("json", "Print for machines.")
def list_command(
    workspace: str | None, history: str | None, status: str | None, limit: int, *, json: bool
) -> int:
    """List the runs, the newest first."""
    console = Console(sys.stdout, sys.stderr)
    runs = opened(console, workspace).history.runs(history, status=status, limit=limit)
    if json:
        shown = [summary_json(run) for run in runs]
        console.print(json_text({"format_version": FORMAT_VERSION, "runs": shown}))
    elif runs:
        console.print(runs_table(runs))
    elif history or status:
        console.print("No such runs. See them all with: amlplan runs list")
    else:
        console.print("No runs yet. Start one with: amlplan run")
    return 0


@command.command("show", cls=Command, epilog=RUN_HELP)
@click.argument("run", default=LATEST)
@run_options
@flag("json", "Print for machines.")
def show_command(run: str, workspace: str | None, history: str | None, *, json: bool) -> int:
    """Show one RUN: how it ended, its metrics, outputs and origin."""
    console = Console(sys.stdout, sys.stderr)
    detail = opened(console, workspace).history.run(run, history=history)
    console.print(json_text(run_json(detail)) if json else run_text(detail))
    return 0


@command.command("logs", cls=Command, epilog=RUN_HELP)
@click.argument("run", default=LATEST)
@run_options
@flag("follow", "Go on until it has ended.")
def logs_command(run: str, workspace: str | None, history: str | None, *, follow: bool) -> int:
    """Print what a RUN's script printed."""
    console = Console(sys.stdout, sys.stderr)
    place = opened(console, workspace)
    summary = place.history.run(run, history=history).summary
    with console.raw() as write, ending_on_signals():
        if follow and not is_elsewhere(summary, place):
            _follow(place, root_of(summary.id), write)
        else:
            log = LogTail(log_of(summary, place))
            while data := log.read():
                write(data)
    return 0


def _follow(place: RunPlace, run_id: str, write: Callable[[bytes], None]) -> None:
    follow(run_id, place, write, lambda: None)


@command.command("cancel", cls=Command, epilog=RUN_HELP)
@click.argument("run")
@run_options
def cancel_command(run: str, workspace: str | None, history: str | None) -> int:
    """End a RUN that is still running."""
    console = Console(sys.stdout, sys.stderr)
    place = opened(console, workspace)
    summary = place.history.run(run, history=history).summary
    if summary.status in FINAL:
        console.print(f"{run_name(summary)} has ended already: {status_text(summary.status)}.")
        return 0
    if summary.parent is not None:
        raise RunError(
            "A child of a run",
            f"{summary.id} belongs to {root_of(summary.id)}. Cancel that one.",
        )
    check_is_here(summary, place)
    place.jobs.cancel(summary.id, place.folder_of(summary.id))
    status = follow(summary.id, place, lambda _data: None, lambda: None)
    place.history.sync(summary.id, wait=True)
    console.print(f"{styled('bold', run_name(summary))}: {status_text(status)}.")
    return 0


@command.command("download", cls=Command, epilog=RUN_HELP)
@click.argument("run", default=LATEST)
@run_options
@click.option("--to", cls=Option, metavar="FOLDER", help="Where to, else to its id.")
@click.option("--path", cls=Option, metavar="PATH", help="Only this output, or what is below it.")
def download_command(
    run: str, workspace: str | None, history: str | None, to: str | None, path: str | None
) -> int:
    """Copy the outputs of a RUN into a folder."""
    console = Console(sys.stdout, sys.stderr)
    place = opened(console, workspace)
    detail = place.history.run(run, history=history)
    folder = Path(to or detail.summary.id)
    written = download(detail, place.content, folder, path)
    files, size = counted(len(written), "file"), size_text(sum(file.size for file in written))
    console.print(f"{files} ({size}) of {run_name(detail.summary)} in {folder}")
    return 0
