"""`amlplan state history`: the kept snapshots, and what each of them changed."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING

import click

from amlplan.backend import Versions
from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option, flag
from amlplan.cli.states import able_backend, no_such_snapshot
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.state_history import (
    changes_json,
    entry_json,
    entry_text,
    history_table,
    journal_text,
)
from amlplan.errors import StateError
from amlplan.project.opening import read_state
from amlplan.states.changes import changes_between
from amlplan.states.history import entries_of

if TYPE_CHECKING:
    from amlplan.states.changes import StateChanges
    from amlplan_schemas.state import State


@click.command("history", cls=Command)
@click.argument("serial", required=False, type=click.IntRange(1))
@click.option(
    "--limit",
    cls=Option,
    type=click.IntRange(1),
    metavar="N",
    help="How many, the newest first; all that are kept unless told otherwise.",
)
@flag("json", "Print for machines.")
def history_command(serial: int | None, limit: int | None, *, json: bool) -> int:
    """List the kept snapshots: when, by whom, from which commit; or what one SERIAL changed."""
    console = Console(sys.stdout, sys.stderr)
    backend = able_backend(Versions)
    found = entries_of(backend.snapshots())
    if serial is not None:
        entries = list(found)
        entry = next((item for item in entries if item.serial == serial), None)
        if entry is None:
            raise no_such_snapshot(serial, [item.serial for item in entries])
        console.print(json_text(entry_json(entry)) if json else entry_text(entry))
        return 0
    entries = list(islice(found, limit))
    since = _since()
    if json:
        shown: dict[str, object] = {
            "snapshots": [entry_json(item) for item in entries],
            "journal": None,
        }
        if since is not None:
            state, changes = since
            shown["journal"] = {"changes": changes_json(changes), "pending": sorted(state.pending)}
        console.print(json_text(shown))
    elif not entries:
        console.print("The state is empty: nothing was applied yet.")
    else:
        console.print(history_table(entries))
        if since is not None:
            console.print(f"\n{journal_text(*since)}")
    return 0


def _since() -> tuple[State, StateChanges] | None:
    """The state with what stands in the journal, and what that changed; None where nothing does."""
    snapshot = next(able_backend(Versions).snapshots(), None)
    if snapshot is None or snapshot.state is None:
        return None
    before = snapshot.state
    try:
        state = read_state()
    except StateError:  # `state verify` tells
        return None
    if state is None or (state.records, state.pending) == (before.records, before.pending):
        return None
    return state, changes_between(before, state)
