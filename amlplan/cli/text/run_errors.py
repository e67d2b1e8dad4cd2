"""Errors of a run, as people read them: how its standard error ended, and what was not recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.style import styled, visible
from amlplan.cli.text.runs import on_one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.history import Recorded

STDERR = "stderr"
"""What the record of the end of standard error is called."""
MANY = 10
COMPARED = 4


def errors_text(errors: Sequence[Recorded]) -> str:
    """What `runs show` says of errors; empty where there is nothing to say."""
    others = [str(error.data.get("text", "")) for error in errors if error.name != STDERR]
    parts = []
    if others:
        lines = [f"  {on_one_line(text)}" for text in others[:MANY]]
        if len(others) > MANY:
            lines.append(f"  … and {len(others) - MANY} more")
        parts.append("\n".join(["", styled("bold", "Errors"), *lines]))
    last = last_errors(errors)
    if last:
        parts.append(stderr_text(last))
    return "\n".join(parts)


def stderr_text(end: str) -> str:
    """The end of standard error, under its title."""
    lines = (f"  {visible(line)}" for line in end.splitlines())
    return "\n".join(["", styled("bold", "Standard error ended with"), *lines])


def last_errors(errors: Sequence[Recorded]) -> str:
    """The end of standard error of the last attempt that failed; empty where it said nothing."""
    ends = [str(error.data.get("text", "")) for error in errors if error.name == STDERR]
    return ends[-1] if ends else ""


def was_just_shown(end: str, log: str) -> bool:
    """Whether the last lines of a log are those with which standard error ended."""
    shown = log.split()
    wanted = " ".join(end.split("\n")[-COMPARED:]).split()
    return shown[len(shown) - len(wanted) :] == wanted
