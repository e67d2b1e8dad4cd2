"""`amlplan state verify`: whether the state and every earlier snapshot can be relied on."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from amlplan.backend import ShowsLock, Versions
from amlplan.cli.console import Console
from amlplan.cli.options import Command, flag
from amlplan.cli.style import styled
from amlplan.cli.text.json_text import json_text
from amlplan.errors import EXIT_STATE, StateError
from amlplan.project.opening import state_backend
from amlplan.provider import has
from amlplan.states.soundness import Problem, pending_problems, problems_of
from amlplan.wording import counted, few

if TYPE_CHECKING:
    from amlplan.backend import Backend, Snapshot
    from amlplan_schemas.state import State


@click.command("verify", cls=Command)
@flag("json", "Print for machines.")
def verify_command(*, json: bool) -> int:
    """Check structure, references and checksums of the state and of every earlier snapshot."""
    backend = state_backend()
    console = Console(sys.stdout, sys.stderr)
    # Asked first: what is pending while somebody applies is no problem.
    is_locked = has(backend, ShowsLock) and backend.lock_status().is_held
    state: State | None = None
    problems: list[Problem] = []
    try:
        state = backend.reader().read()
    except StateError as failure:
        problems.append(Problem(failure.summary, failure.detail))
    under_way = sorted(state.pending) if state is not None and is_locked else []
    if state is not None:
        problems += problems_of(state)
        problems += [] if is_locked else pending_problems(state)
    kept = backend.snapshots() if has(backend, Versions) else ()
    snapshots = [replace(item, state=None) for item in kept]
    problems += [
        _unreadable(item)
        for item in snapshots
        if item.problem and item.location != backend.reader().location()
    ]
    if json:
        console.print(json_text(_shown(backend, state, snapshots, problems, under_way)))
    else:
        _tell(console, state, snapshots, problems, under_way)
    return EXIT_STATE if problems else 0


def _unreadable(snapshot: Snapshot) -> Problem:
    return Problem(
        "An earlier snapshot cannot be read",
        f"{snapshot.problem} The state does not need it, but nobody can go back to it. Restore the "
        f"file from a backup, or remove it: rm {shlex.quote(snapshot.location)}",
    )


def _tell(
    console: Console,
    state: State | None,
    snapshots: list[Snapshot],
    problems: list[Problem],
    under_way: list[str],
) -> None:
    for item in problems:
        console.failure(StateError(item.summary, item.detail, address=item.address))
    if problems:
        console.error(f"{counted(len(problems), 'problem')} found.")
    elif state is None:
        console.print("The state is empty: nothing was applied yet.")
    else:
        kept = counted(max(len(snapshots) - 1, 0), "earlier snapshot")
        size = counted(len(state.records), "resource")
        console.print(
            f"{styled('green', 'The state is sound:')} serial {state.serial}, {size}, {kept}."
        )
    if under_way:
        console.print(f"Somebody writes it now, and is at {few(under_way)}.")


def _shown(
    backend: Backend,
    state: State | None,
    snapshots: list[Snapshot],
    problems: list[Problem],
    under_way: list[str],
) -> dict[str, object]:
    return {
        "location": backend.reader().location(),
        "valid": not problems,
        "serial": None if state is None else state.serial,
        "resources": None if state is None else len(state.records),
        "snapshots": [
            {"location": item.location, "serial": item.serial, "valid": not item.problem}
            for item in snapshots
        ],
        "problems": [
            {"summary": item.summary, "detail": item.detail, "address": item.address}
            for item in problems
        ],
        "under_way": under_way,
    }
