"""Scripts that run elsewhere: a program of this host takes them there, and tells of their end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amlplan_local.endings import Ending

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

AWAY = "away"
"""The file in a run's folder that is there while it is out of reach; it says why."""
BROUGHT = "container.brought"
"""The file that tells that nothing of the run is elsewhere any more."""
TOLD = "ending.json"
"""The file that tells how the script of an attempt ended."""
OUT_OF_MEMORY = "out of memory: the kernel killed it"
ENDED = "the process that takes it to its container was ended"
_SECONDS = 900.0
"""How long it may take to bring back what a run made."""


def ending_elsewhere(folder: Path, attempt: int, ending: Ending) -> Ending:
    """How a script ended elsewhere, where that of the program that took it there was `ending`.

    One that was canceled, or took too long, is not looked at.
    """
    if ending.status != "Failed" or not ending.may_help:
        return ending
    told = ending_told(folder, attempt)
    if told is None:
        return Ending("Failed", ENDED, may_help=True)
    return ending if told.reason is None else told


def ending_told(folder: Path, attempt: int) -> Ending | None:
    """The ending that was told of an attempt; None where none was."""
    document = _document(folder)
    if document is None or document.get("attempt") != attempt:
        return None
    code, reason = document.get("code"), document.get("reason")
    if document.get("is_out_of_memory"):
        reason = OUT_OF_MEMORY if reason is None else reason
    return Ending("Failed", reason, code, may_help=True)


def last_ending(folder: Path) -> Ending | None:
    """The ending of the last attempt that was told of; None where none was."""
    document = _document(folder)
    return None if document is None else ending_told(folder, document["attempt"])


def bring(afterwards: Sequence[str], folder: Path) -> str | None:
    """Have brought what a run made elsewhere, and nothing left there; why that failed, or None."""
    if not afterwards or (folder / BROUGHT).exists():
        return None
    from amlplan.children import run_child
    from amlplan.errors import ProviderError

    try:
        finished = run_child(afterwards, timeout=_SECONDS)
    except ProviderError as failure:
        return failure.detail
    if finished.returncode == 0:
        return None
    said = finished.stderr.strip().splitlines()
    return said[-1] if said else f"{afterwards[0]} ended with {finished.returncode}"


def is_away(folder: Path) -> bool:
    """Whether the run is out of reach."""
    return (folder / AWAY).exists()


def _document(folder: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(folder.joinpath(TOLD).read_bytes())
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) and "attempt" in document else None
