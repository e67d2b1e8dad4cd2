"""`amlplan state`: looks into the state."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, CommandGroup, flag
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.records import record_text
from amlplan.errors import PlanError
from amlplan.project.opening import read_state
from amlplan.wording import suggestion


@click.group("state", cls=CommandGroup)
def command() -> None:
    """Look into the state."""


@command.command("list", cls=Command)
@click.argument("patterns", nargs=-1)
@flag("json", "Print for machines.")
def list_command(patterns: tuple[str, ...], *, json: bool) -> int:
    """List the recorded addresses, or those that match a PATTERN such as 'model.*'."""
    state = read_state()
    records = state.records if state is not None else {}
    shown = [
        records[address]
        for address in sorted(records)
        if not patterns or any(fnmatchcase(address, pattern) for pattern in patterns)
    ]
    console = Console(sys.stdout, sys.stderr)
    if json:
        console.print(
            json_text(
                [
                    {"address": r.address, "kind": r.kind, "name": r.name, "status": str(r.status)}
                    for r in shown
                ]
            )
        )
    for record in shown if not json else ():
        note = "" if record.status == "ok" else f"  ({record.status})"
        console.print(record.address + note)
    return 0


@command.command("show", cls=Command)
@click.argument("address")
@flag("json", "Print for machines.")
def show_command(address: str, *, json: bool) -> int:
    """Show what is recorded of one ADDRESS."""
    state = read_state()
    records = state.records if state is not None else {}
    if address not in records:
        hint = suggestion(address, list(records))
        raise PlanError(
            "Not in the state", f"Nothing is recorded at {address}.{hint} See: amlplan state list"
        )
    console = Console(sys.stdout, sys.stderr)
    record = records[address]
    console.print(record.model_dump_json(indent=2) if json else record_text(record))
    return 0
