"""`amlplan state mv`, `rm` and `unprotect`: edits of the state alone; no object is touched."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option, flag, lock_timeout_option
from amlplan.cli.states import opened_state, present_state
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.state_edits import move_text, release_text, unprotect_text
from amlplan.states.edits import edit_now, moves_of, protected_record, releases_of, unprotected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan_schemas.state import Record, State

DRY_RUN = flag("dry-run", "Show what would be done, and change nothing.")
JSON = flag("json", "Print for machines.")


@click.command("mv", cls=Command)
@click.argument("origin", metavar="FROM")
@click.argument("target", metavar="TO")
@DRY_RUN
@lock_timeout_option
@JSON
def mv_command(origin: str, target: str, lock_timeout: str, *, dry_run: bool, json: bool) -> int:
    """Record what is at FROM, an object, a block or a module, at TO; what refers to it follows."""
    if dry_run:
        state = present_state()
        names = moves_of(state, origin, target)
    else:
        with opened_state("state mv", lock_timeout) as writer:
            names = moves_of(writer.state, origin, target)
            writer.move(names)
            state = writer.conclude(None, None, edit=edit_now("state mv"))
    moved = [{"from": name, "to": names[name]} for name in sorted(names)]
    shown = {"dry_run": dry_run, "serial": state.serial, "moved": moved}
    _print(shown, move_text(state, names, dry_run=dry_run), json=json)
    return 0


@click.command("rm", cls=Command)
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@DRY_RUN
@lock_timeout_option
@JSON
def rm_command(addresses: tuple[str, ...], lock_timeout: str, *, dry_run: bool, json: bool) -> int:
    """Let go of objects, blocks or modules: they stay outside, and nobody manages them any more."""
    if dry_run:
        state = present_state()
        records = releases_of(state, addresses)
    else:
        state, records = _released(addresses, lock_timeout)
    shown = {
        "dry_run": dry_run,
        "serial": state.serial,
        "forgotten": [
            {
                "address": record.address,
                "kind": record.kind,
                "name": record.name,
                "id": record.outputs.values.get("id"),
            }
            for record in records
        ],
    }
    _print(shown, release_text(records, dry_run=dry_run), json=json)
    return 0


def _released(addresses: Sequence[str], lock_timeout: str) -> tuple[State, list[Record]]:
    with opened_state("state rm", lock_timeout) as writer:
        records = releases_of(writer.state, addresses)
        # What leans on others goes first: wherever this ends, no reference leads nowhere.
        for record in records:
            writer.finish(record.address, None)
        return writer.conclude(None, None, edit=edit_now("state rm")), records


@click.command("unprotect", cls=Command)
@click.argument("address")
@click.option(
    "--reason", cls=Option, required=True, metavar="TEXT", help="Why; the history keeps it."
)
@DRY_RUN
@lock_timeout_option
@JSON
@click.pass_context
def unprotect_command(
    ctx: click.Context,
    address: str,
    reason: str,
    lock_timeout: str,
    *,
    dry_run: bool,
    json: bool,
) -> int:
    """Lift the protection that prevent_destroy gave one ADDRESS, so that it may be deleted."""
    if not reason.strip():
        raise click.UsageError("-reason needs a text, for whoever asks later.", ctx)
    if dry_run:
        state = present_state()
        protected_record(state, address)
    else:
        edit = edit_now("state unprotect")
        with opened_state("state unprotect", lock_timeout) as writer:
            record = protected_record(writer.state, address)
            writer.finish(address, unprotected(record, reason, edit))
            state = writer.conclude(None, None, edit=edit)
    shown = {"dry_run": dry_run, "serial": state.serial, "address": address, "reason": reason}
    _print(shown, unprotect_text(address, dry_run=dry_run), json=json)
    return 0


def _print(shown: dict[str, object], text: str, *, json: bool) -> None:
    Console(sys.stdout, sys.stderr).print(json_text(shown) if json else text)
