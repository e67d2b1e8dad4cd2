"""The history of a state as people read it, and as machines do."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from amlplan.cli.style import styled, visible
from amlplan.cli.text.runs import on_one_line, table, time_text
from amlplan.cli.text.values import SYMBOLS
from amlplan.wording import counted, few

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from amlplan.states.changes import StateChanges
    from amlplan.states.history import Entry
    from amlplan_schemas.state import State

_COMMIT = 10
"""Letters of a commit that a table shows."""


def history_table(entries: Iterable[Entry]) -> str:
    """A line for each snapshot, the newest first."""
    return table(
        ("SERIAL", "WHEN", "WHAT", "COMMIT", "CHANGES", "WHO"),
        (
            (
                str(entry.serial or "?"),
                _when(entry.at),
                _what(entry),
                (entry.commit or "-")[:_COMMIT],
                _changes(entry),
                _who(entry),
            )
            for entry in entries
        ),
    )


def entry_text(entry: Entry) -> str:
    """All of one snapshot: who wrote it, and every object that it changed."""
    facts = {"what": _what(entry), "when": _when(entry.at), "who": _who(entry)}
    facts |= {"commit": entry.commit or "-", "plan": entry.plan or "-"}
    if entry.resources is not None:
        facts["resources"] = str(entry.resources)
    facts["kept in"] = entry.location
    width = max(map(len, facts))
    lines = [styled("bold", f"# serial {entry.serial}"), ""]
    lines += [f"{name:<{width}}  {on_one_line(text)}" for name, text in facts.items()]
    if entry.problem:
        return "\n".join([*lines, "", visible(entry.problem)])
    if entry.changes is None:
        return "\n".join([*lines, "", "What it changed is not known: no snapshot before it."])
    changed = changes_lines(entry.changes, entry.forgotten)
    return "\n".join([*lines, "", *(changed or ["Nothing changed."])])


def changes_lines(changes: StateChanges, forgotten: Collection[str]) -> list[str]:
    """A line for each object, destructive changes first."""
    destroyed = [name for name in changes.removed if name not in forgotten]
    lines = [f"  {SYMBOLS['-']} {visible(name)}" for name in destroyed]
    both = f"{SYMBOLS['-']}/{SYMBOLS['+']}"
    lines += [f"{both} {visible(name)}" for name in changes.replaced]
    lines += [f"  {SYMBOLS['~']} {visible(name)}" for name in changes.changed]
    lines += [f"  {SYMBOLS['+']} {visible(name)}" for name in changes.added]
    lines += [f"    {visible(name)}  let go of, its object stays" for name in sorted(forgotten)]
    lines += [f"    {visible(old)}  moved to {visible(new)}" for old, new in changes.moved.items()]
    lines += [
        f"    {visible(name)}  its protection was lifted: {on_one_line(why)}"
        for name, why in changes.unprotected.items()
    ]
    lines += [f"    {visible(name)}  recorded anew" for name in changes.noted]
    if changes.outputs:
        lines.append(f"    outputs: {visible(few(changes.outputs))}")
    return lines


def journal_text(state: State, changes: StateChanges) -> str:
    """What happened after the newest snapshot was written."""
    told = [f"{len(names)} {word}" for word, names in _groups(changes, ()) if names]
    if state.pending:
        told.append(f"{counted(len(state.pending), 'operation')} without outcome")
    return (
        f"Since serial {state.serial} the journal has {', '.join(told) or 'changes'}: an apply is "
        "under way, or was interrupted."
    )


def entry_json(entry: Entry) -> dict[str, object]:
    """One snapshot for machines; `changes` is null where it is not known."""
    return {
        "serial": entry.serial or None,
        "location": entry.location,
        "problem": entry.problem or None,
        "command": entry.what or None,
        "at": entry.at,
        "by": entry.by,
        "host": entry.host,
        "commit": entry.commit,
        "plan": entry.plan,
        "complete": entry.is_complete,
        "lineage": entry.lineage,
        "resources": entry.resources,
        "changes": None if entry.changes is None else changes_json(entry.changes, entry.forgotten),
    }


def changes_json(changes: StateChanges, forgotten: Collection[str] = ()) -> dict[str, object]:
    """Addresses by what happened to them, for machines."""
    return {
        **{word: list(names) for word, names in _groups(changes, forgotten)},
        "moved": [{"from": old, "to": new} for old, new in changes.moved.items()],
        "unprotected": dict(changes.unprotected),
        "outputs": list(changes.outputs),
    }


def _groups(changes: StateChanges, forgotten: Collection[str]) -> tuple[tuple[str, list[str]], ...]:
    return (
        ("added", list(changes.added)),
        ("changed", list(changes.changed)),
        ("replaced", list(changes.replaced)),
        ("destroyed", [name for name in changes.removed if name not in forgotten]),
        ("forgotten", [name for name in changes.removed if name in forgotten]),
        ("noted", list(changes.noted)),
    )


def _changes(entry: Entry) -> str:
    if entry.problem:
        return "cannot be read"
    if entry.changes is None:
        return "not known"
    told = [
        f"{len(names)} {word}"
        for word, names in _groups(entry.changes, entry.forgotten)
        if names and word != "noted"
    ]
    if entry.changes.moved:
        told.append(f"{len(entry.changes.moved)} moved")
    told += [f"{name} unprotected" for name in entry.changes.unprotected]
    if entry.changes.outputs and not told:
        told.append("outputs")
    return ", ".join(told) or "none"


def _what(entry: Entry) -> str:
    return f"{entry.what} (incomplete)" if entry.is_complete is False else entry.what or "-"


def _who(entry: Entry) -> str:
    return "-" if entry.by is None else f"{entry.by}@{entry.host}"


def _when(at: str | None) -> str:
    try:
        return time_text(None if at is None else datetime.fromisoformat(at).timestamp())
    except ValueError:
        return str(at)
