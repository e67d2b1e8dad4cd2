"""What was done to the state, or would be, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.style import styled, visible
from amlplan.cli.text.state_history import changes_lines
from amlplan.wording import counted, few, in_shell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.backend import Replacement
    from amlplan.states.changes import StateChanges
    from amlplan_schemas.state import Record, State

NOTHING = "Nothing was changed: this was a dry run."


def move_text(state: State, names: Mapping[str, str], *, dry_run: bool) -> str:
    """Which records go where, and what follows them."""
    word = "Would move" if dry_run else "Moved"
    lines = [f"{word} {visible(name)} to {visible(names[name])}." for name in sorted(names)]
    gone = set(names) if dry_run else set(names.values())
    follow = [
        name
        for name, record in sorted(state.records.items())
        if name not in gone and not gone.isdisjoint(record.depends_on)
    ]
    if follow:
        lines.append(visible(f"What refers to it follows: {few(follow)}."))
    lines.append("")
    lines.append(
        NOTHING
        if dry_run
        else "Give the configuration the same addresses: the next plan deletes what it does not "
        "have."
    )
    return "\n".join(lines)


def release_text(records: Sequence[Record], *, dry_run: bool) -> str:
    """What was let go of, where it still is, and how to get it back."""
    word = "Would let go of" if dry_run else "Let go of"
    lines = []
    for record in records:
        key = record.outputs.values.get("id")
        known = f' "{record.name}"' + (f" [id={key}]" if key is not None else "")
        lines.append(visible(f"{word} {record.address}, {record.kind}{known}."))
        if record.deposed:
            many = counted(
                len(record.deposed), "object that it had replaced", "objects that it had replaced"
            )
            lines.append(f"With it: {many}, never to be deleted by amlplan.")
    lines.append("")
    if dry_run:
        return "\n".join([*lines, NOTHING])
    objects = "The object stays as it is" if len(records) == 1 else "The objects stay as they are"
    example = in_shell(records[0].address) if len(records) == 1 else "ADDRESS"
    lines.append(
        f"{objects}, and amlplan manages {'it' if len(records) == 1 else 'them'} no more. Where "
        "the configuration still has a block for it, the next plan creates another: take the "
        f"block out too. To get it back: amlplan import {example} ID"
    )
    return "\n".join(lines)


def unprotect_text(address: str, *, dry_run: bool) -> str:
    """That an object may be deleted now."""
    name = visible(address)
    if dry_run:
        return f"Would lift the protection of {name}.\n\n{NOTHING}"
    return (
        f"Lifted the protection of {name}.\n\nThe next plan may delete it. Where the configuration "
        "still says prevent_destroy = true of it, the next apply protects it again."
    )


def push_text(done: Replacement, changes: StateChanges | None, *, dry_run: bool) -> str:
    """What took the place of what."""
    size = counted(len(done.after.records), "resource")
    verb = "Would put" if dry_run else "Put"
    before = "" if done.before is None else f" in the place of serial {done.before.serial}"
    lines = [f"{verb} serial {done.after.serial} with {size}{before}."]
    lines += changes_lines(changes, frozenset(changes.removed)) if changes else []
    if done.aside:
        word = "would be kept" if dry_run else "is kept"
        lines.append(f"What was there {word} as {visible(', '.join(done.aside))}.")
    lines.append("")
    if dry_run:
        return "\n".join([*lines, NOTHING])
    if done.before is not None:
        lines.append("What was there stays among the earlier snapshots.")
    lines.append(f"See what differs from the world with: {styled('bold', 'amlplan plan')}")
    return "\n".join(lines)
