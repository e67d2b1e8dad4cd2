"""`amlplan state list` and `show`: what is recorded."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option, flag
from amlplan.cli.states import snapshot_with
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.records import record_text
from amlplan.project.opening import read_state
from amlplan.states.selecting import not_recorded


@click.command("list", cls=Command)
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


@click.command("show", cls=Command)
@click.argument("address")
@click.option(
    "--serial",
    cls=Option,
    type=click.IntRange(1),
    metavar="N",
    help="As an earlier snapshot has it; amlplan state history lists them.",
)
@flag("json", "Print for machines.")
def show_command(address: str, serial: int | None, *, json: bool) -> int:
    """Show what is recorded of one ADDRESS."""
    state = read_state() if serial is None else snapshot_with(serial)
    records = state.records if state is not None else {}
    if address not in records:
        raise not_recorded(records, address)
    console = Console(sys.stdout, sys.stderr)
    record = records[address]
    console.print(record.model_dump_json(indent=2) if json else record_text(record))
    return 0
