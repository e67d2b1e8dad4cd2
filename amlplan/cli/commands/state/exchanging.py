"""`amlplan state pull` and `push`: the whole state as a document, taken out and put back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.backend import Exchanges
from amlplan.cli.console import Console
from amlplan.cli.options import Command, flag, lock_timeout_option
from amlplan.cli.states import able_backend, present_state, tell_waiting
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.state_edits import push_text
from amlplan.cli.text.state_history import changes_json
from amlplan.errors import StateError
from amlplan.project.location import remember_location
from amlplan.project.opening import holder, state_backend
from amlplan.states.changes import StateChanges, changes_between
from amlplan.states.edits import edit_now
from amlplan.states.soundness import problems_of
from amlplan_schemas.base import seconds_of

if TYPE_CHECKING:
    from amlplan.backend import Replacement
    from amlplan_schemas.state import State


@click.command("pull", cls=Command)
@flag("json", "It is JSON with or without.", is_on=True)
def pull_command(*, json: bool) -> int:  # noqa: ARG001 - asked for as of every other command
    """Print the whole state as it is stored: JSON with a checksum, for `state push`."""
    state = present_state()
    document = able_backend(Exchanges).document(state)
    Console(sys.stdout, sys.stderr).print(document.decode(), end="")
    return 0


@click.command("push", cls=Command)
@click.argument("file")
@flag("force", "Also a state of another lineage, an older one, or one with problems.")
@flag("dry-run", "Show what would be done, and change nothing.")
@lock_timeout_option
@flag("json", "Print for machines.")
def push_command(file: str, lock_timeout: str, *, force: bool, dry_run: bool, json: bool) -> int:
    """Make the state in FILE, or in - for what is piped in, the state of this project.

    The state before stays among the earlier snapshots; files that cannot be read are kept aside.
    """
    # Whoever moves a state to another place puts it where there is none yet.
    backend = able_backend(Exchanges, check_state_location=False)
    state = backend.parse(_document(file), file if file != "-" else "what was piped in")
    if not force:
        _refuse_unsound(state)
    if dry_run:
        done = backend.examine(state, force=force)
    else:
        done = backend.replace(
            state,
            holder("state push"),
            edit=edit_now("state push"),
            force=force,
            timeout=seconds_of(lock_timeout),
            waiting=tell_waiting,
        )
        kept_by = state_backend(check_state_location=False)
        remember_location(Path.cwd(), kept_by.reader().location())
    changes = _changes(done)
    text = json_text(_shown(done, changes, dry_run=dry_run)) if json else ""
    text = text or push_text(done, changes, dry_run=dry_run)
    Console(sys.stdout, sys.stderr).print(text)
    return 0


def _document(place: str) -> bytes:
    if place == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(place).read_bytes()
    except OSError as failure:
        raise StateError(
            "The file cannot be read",
            f"{place}: {failure.strerror}. Give a file that `amlplan state pull` wrote, or an "
            "earlier snapshot: amlplan state history lists them.",
        ) from failure


def _refuse_unsound(state: State) -> None:
    problems = problems_of(state)
    if problems:
        raise StateError(
            "The state has problems",
            f"{' '.join(item.detail for item in problems[:3])} Give another state. To take this "
            "one all the same, use -force.",
            address=problems[0].address,
        )


def _changes(done: Replacement) -> StateChanges | None:
    """What the replacement changes; None where what was there is not known."""
    if done.before is None:
        return None
    return changes_between(done.before, done.after)


def _shown(done: Replacement, changes: StateChanges | None, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "lineage": done.after.lineage,
        "serial": done.after.serial,
        "serial_before": None if done.before is None else done.before.serial,
        "resources": len(done.after.records),
        "aside": list(done.aside),
        "changes": None if changes is None else changes_json(changes, changes.removed),
    }
