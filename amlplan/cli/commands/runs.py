"""`amlplan runs`: what was run, what it recorded and gave, and ending what still runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.commands.looking.best import best_command
from amlplan.cli.commands.looking.clearing import gc_command
from amlplan.cli.commands.looking.comparing import compare_command
from amlplan.cli.commands.looking.exporting import export_command
from amlplan.cli.commands.looking.listing import list_command
from amlplan.cli.commands.looking.reporting import report_command
from amlplan.cli.commands.looking.showing import show_command
from amlplan.cli.commands.looking.tagging import tag_command
from amlplan.cli.commands.rerun import rerun_command
from amlplan.cli.console import Console
from amlplan.cli.interrupt import ending_on_signals
from amlplan.cli.options import Command, CommandGroup, Option, flag
from amlplan.cli.run_exit import exit_code_of
from amlplan.cli.run_news import tell_news
from amlplan.cli.run_options import LATEST, RUN_HELP, opened, run_options
from amlplan.cli.style import styled
from amlplan.cli.text.runs import run_name, size_text, status_text
from amlplan.errors import RunError
from amlplan.history import FINAL
from amlplan.runs.canceling import cancel
from amlplan.runs.elsewhere import check_is_here, is_elsewhere, log_of
from amlplan.runs.follow import LogTail, follow
from amlplan.runs.grids import is_grid
from amlplan.runs.outputs import KEPT, download
from amlplan.runs.place import root_of
from amlplan.wording import counted, few

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.runs.place import RunPlace


@click.group("runs", cls=CommandGroup)
def command() -> None:
    """Look at runs, fetch what they gave, end them."""


@command.command("logs", cls=Command, epilog=RUN_HELP)
@click.argument("run", default=LATEST)
@run_options
@flag("follow", "Go on until it has ended.")
def logs_command(run: str, workspace: str | None, history: str | None, *, follow: bool) -> int:
    """Print what a RUN's script printed.

    With -follow, the exit code is the script's own, as that of `amlplan run`. Ending this command
    does not end the run.
    """
    console = Console(sys.stdout, sys.stderr)
    place = opened(console, workspace)
    detail = place.history.run(run, history=history)
    summary = detail.summary
    if is_grid(detail.definition) and not follow:
        members = few([member.id for member in detail.children])
        raise RunError("A grid has no log", f"Each of its members has one: {members or 'none'}.")
    with console.raw() as write, ending_on_signals():
        if follow and not is_elsewhere(summary, place):
            return _follow(console, place, root_of(summary.id), write)
        log = LogTail(log_of(summary, place))
        while data := log.read():
            write(data)
    return 0


def _follow(console: Console, place: RunPlace, run_id: str, write: Callable[[bytes], None]) -> int:
    """See a run to its end, as whoever started it would have; gives its exit code."""
    follow(run_id, place, write, lambda: None, lambda news: tell_news(console, news))
    place.history.sync(run_id, wait=True)
    return exit_code_of(place.history.run(run_id).summary)


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
    if root_of(summary.id) != summary.id:
        raise RunError(
            "A child of a run",
            f"{summary.id} belongs to {root_of(summary.id)}. Cancel that one.",
        )
    check_is_here(summary, place)
    cancel(summary.id, place)
    status = follow(
        summary.id, place, lambda _data: None, lambda: None, lambda news: tell_news(console, news)
    )
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
    kept = place.folder_of(detail.summary.id) / KEPT
    written = download(detail, place.content, folder, path, kept)
    files, size = counted(len(written), "file"), size_text(sum(file.size for file in written))
    console.print(f"{files} ({size}) of {run_name(detail.summary)} in {folder}")
    return 0


for each in (
    list_command,
    show_command,
    best_command,
    compare_command,
    report_command,
    tag_command,
    export_command,
    rerun_command,
    gc_command,
):
    command.add_command(each)
