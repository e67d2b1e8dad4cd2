"""`amlplan state lock-status` and `unlock`: who holds the lock, and why nothing breaks it."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from amlplan.backend import ShowsLock
from amlplan.cli.console import Console
from amlplan.cli.options import Command, flag
from amlplan.cli.states import able_backend
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.state_lock import how_to_end, lock_text
from amlplan.errors import EXIT_LOCKED, LockedError


@click.command("lock-status", cls=Command)
@flag("json", "Print for machines.")
def lock_status_command(*, json: bool) -> int:
    """Tell who holds the lock of the state, or that nobody does."""
    status = able_backend(ShowsLock).lock_status()
    shown = {"locked": status.is_held, "holder": asdict(status.holder) if status.holder else None}
    Console(sys.stdout, sys.stderr).print(json_text(shown) if json else lock_text(status))
    return 0


@click.command("unlock", cls=Command)
@flag("json", "Print for machines.")
def unlock_command(*, json: bool) -> int:
    """Tell how a lock goes: with the process that holds it. Never breaks one; 14 where it is held.

    There is no lock that stays behind, so there is nothing to remove.
    """
    status = able_backend(ShowsLock).lock_status()
    console = Console(sys.stdout, sys.stderr)
    if json:
        holder = asdict(status.holder) if status.holder else None
        console.print(json_text({"locked": status.is_held, "holder": holder}))
        return EXIT_LOCKED if status.is_held else 0
    if status.is_held:
        raise LockedError("The state is locked", f"{lock_text(status)} {how_to_end(status.holder)}")
    console.print(
        f"{lock_text(status)} There is nothing to unlock: a lock goes by itself with the process "
        "that holds it, however that ends."
    )
    return 0
