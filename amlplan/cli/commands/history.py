"""`amlplan history`: the histories of a workspace, and making their database again."""

from __future__ import annotations

import sys

import click

from amlplan.cli.commands.looking.exporting_history import export_command
from amlplan.cli.console import Console
from amlplan.cli.options import Command, CommandGroup, Option, flag
from amlplan.cli.run_options import opened
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION
from amlplan.cli.text.runs import table
from amlplan.project.workspaces import open_workspace
from amlplan.wording import counted

WORKSPACE = click.option(
    "--workspace", cls=Option, metavar="NAME", help="Look in another workspace."
)


@click.group("history", cls=CommandGroup)
def command() -> None:
    """Look at the histories that runs went into."""


@command.command("list", cls=Command)
@WORKSPACE
@flag("json", "Print for machines.")
def list_command(workspace: str | None, *, json: bool) -> int:
    """List the histories, with how many runs each has."""
    console = Console(sys.stdout, sys.stderr)
    found = opened(console, workspace).history.histories()
    if json:
        console.print(json_text({"format_version": FORMAT_VERSION, "histories": dict(found)}))
    elif found:
        rows = ((name, str(count)) for name, count in found.items())
        console.print(table(("HISTORY", "RUNS"), rows))
    else:
        console.print("No history yet. Start a run with: amlplan run")
    return 0


@command.command("rebuild", cls=Command)
@WORKSPACE
def rebuild_command(workspace: str | None) -> int:
    """Make the database again from what the runs wrote; loses nothing."""
    console = Console(sys.stdout, sys.stderr)
    taken = open_workspace(workspace).history.rebuild()
    console.print(
        f"{counted(taken.events, 'event')} taken in, {counted(taken.skipped, 'line')} skipped."
    )
    return 0


command.add_command(export_command)
