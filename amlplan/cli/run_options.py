"""What all commands about runs share: their options, and the workspace brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from amlplan.cli.options import Option
from amlplan.cli.style import styled, visible
from amlplan.project.workspaces import open_workspace
from amlplan.runs.due import bring_up_to_date

if TYPE_CHECKING:
    from amlplan.cli.console import Console
    from amlplan.runs.place import RunPlace

LATEST = "latest"
RUN_HELP = "A RUN is an id or the beginning of one, a number, or latest."


def workspace_option(function: Any) -> Any:
    """The option that tells which workspace runs are looked for in."""
    return click.option(
        "--workspace", cls=Option, metavar="NAME", help="Look in another workspace."
    )(function)


def run_options(function: Any) -> Any:
    """The options that tell which workspace and history a run is looked for in."""
    function = click.option(
        "--history", cls=Option, metavar="NAME", help="Look in this history only."
    )(function)
    return workspace_option(function)


def opened(console: Console, workspace: str | None) -> RunPlace:
    """The workspace, with all that is due taken in; runs that cannot be looked at are told."""
    place = open_workspace(workspace)
    for failure in bring_up_to_date(place):
        warned(console, str(failure))
    return place


def warned(console: Console, text: str) -> None:
    """Tell something that does not stop the command."""
    console.error(f"{styled('yellow', 'Warning:')} {visible(text)}\n")
