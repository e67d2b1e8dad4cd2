"""`amlplan project`: which history a folder's runs go into."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, CommandGroup, Option, flag
from amlplan.cli.style import visible
from amlplan.cli.text.json_text import json_text
from amlplan.config.azureml.project_file import read_project_file, runconfig_names
from amlplan.project.attaching import attach


@click.group("project", cls=CommandGroup)
def command() -> None:
    """Tell which history the runs of this folder go into, and change it."""


@command.command("attach", cls=Command)
@click.option(
    "--history",
    cls=Option,
    metavar="NAME",
    help="The history; else the one that is there, or the folder's name.",
)
def attach_command(history: str | None) -> int:
    """Let the runs of this folder go into one history, as project.json of Azure ML says it."""
    attached = attach(Path.cwd(), history)
    text = f"Runs of this folder go into {attached.history}: {attached.path} was written."
    Console(sys.stdout, sys.stderr).print(visible(text))
    return 0


@command.command("show", cls=Command)
@flag("json", "Print for machines.")
def show_command(*, json: bool) -> int:
    """Show what project.json and the runconfig files of this folder say."""
    root = Path.cwd()
    attached = read_project_file(root)
    names = runconfig_names(root)
    console = Console(sys.stdout, sys.stderr)
    if json:
        found = None if attached is None else {"path": attached.path, "history": attached.history}
        console.print(
            json_text({"format_version": "1.0", "project_file": found, "runconfigs": names})
        )
        return 0
    history = "none" if attached is None else f"{attached.history} ({attached.path})"
    console.print(visible(f"History:          {history}"))
    console.print(visible(f"Runconfig files:  {', '.join(names) or 'none'}"))
    return 0
