"""What changed in `amlplan.lock`, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.style import visible
from amlplan.cli.text.values import SYMBOLS
from amlplan.wording import counted

if TYPE_CHECKING:
    from amlplan.lockfile import LockEntry, LockFile

SHORT = 19
"""Characters of a digest that tell it from others."""


def lock_changes(before: LockFile, after: LockFile) -> list[str]:
    """A line for each entry that comes, goes, or has another answer."""
    lines = []
    for key in sorted({*before.entries, *after.entries}):
        old, new = before.entries.get(key), after.entries.get(key)
        entry = new or old
        if old == new or entry is None:
            continue
        symbol = SYMBOLS["~" if old and new else "+" if new else "-"]
        answers = [_answer(item) for item in (old, new) if item is not None]
        answer = " -> ".join(dict.fromkeys(answers))
        lines.append(f"  {symbol} {visible(f'{_question(entry)}: {answer}')}")
    return lines


def _question(entry: LockEntry) -> str:
    """What was asked for, in the words of its type."""
    request = entry.request
    if entry.type == "requirements":
        return f"requirements ({', '.join(request['requirements']) or 'none'})"
    if entry.type == "image layers":
        return f"image layers for Python {request['python']} on {request['platform']}"
    if entry.type == "built base":
        return f"Python after apt and steps on {request['base'][:SHORT]}"
    which = request.get("reference") or request.get("path") or request.get("name") or ""
    return f"{entry.type} for {which}" if which else entry.type


def _answer(entry: LockEntry) -> str:
    """What it resolved to."""
    lineage = entry.resolved.get("lineage", {})
    if "run" in lineage:
        known = f"run {lineage['number']} of {lineage['history']}"
        name = known if lineage.get("number") else f"run {lineage['run']}"
        return f"{name} ({lineage['metric']} {lineage['value']:g})" if "value" in lineage else name
    if "registered" in lineage:
        return str(lineage["registered"])
    if entry.type == "base image":
        return str(entry.resolved["digest"])[:SHORT]
    if entry.type == "built base":
        python = entry.resolved["python"]
        return "none" if python is None else str(python["version"])
    if entry.type == "image layers":
        layers = entry.resolved.items()
        return ", ".join(f"{name} {layer['diff_id'][:SHORT]}" for name, layer in layers)
    packages = len(entry.resolved.get("packages", ()))
    return counted(packages, "package")
