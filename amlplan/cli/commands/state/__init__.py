"""`amlplan state`: looks into the state, checks it, edits it, takes it out and puts it back."""

from __future__ import annotations

import click

from amlplan.cli.commands.state.editing import mv_command, rm_command, unprotect_command
from amlplan.cli.commands.state.exchanging import pull_command, push_command
from amlplan.cli.commands.state.locking import lock_status_command, unlock_command
from amlplan.cli.commands.state.looking import list_command, show_command
from amlplan.cli.commands.state.telling import history_command
from amlplan.cli.commands.state.verifying import verify_command
from amlplan.cli.options import CommandGroup


@click.group("state", cls=CommandGroup)
def command() -> None:
    """Look into the state, check it, edit it, take it out and put it back."""


for each in (
    list_command,
    show_command,
    history_command,
    verify_command,
    mv_command,
    rm_command,
    unprotect_command,
    pull_command,
    push_command,
    lock_status_command,
    unlock_command,
):
    command.add_command(each)
