"""How a run stands, as its event files tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from amlplan.history import FINAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

OWNERS = ("supervisor.jsonl", "control.jsonl")
"""The files whose events tell the run's own status and outputs."""
LONGEST_LINE = 1024 * 1024
"""Bytes; what is longer is no event."""


def own_events(folder: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The events of one type about the run itself, by those who may tell; raises OSError."""
    for name in OWNERS:
        for event in _events(folder / "events" / name, kind):
            if "run" not in event:
                yield event


def asked_paths(folder: Path) -> Iterator[str]:
    """The paths of the artifacts and images that the script recorded; raises OSError."""
    for path in sorted((folder / "events").glob("*.jsonl")):
        for event in _events(path, "artifact", "image"):
            if isinstance(event.get("path"), str):
                yield event["path"]


def is_final(folder: Path) -> bool:
    """Whether the run has the status that ends it."""
    return any(event.get("status") in FINAL for event in own_events(folder, "status"))


def has_outputs(folder: Path) -> bool:
    """Whether all outputs of the run are told: the last of these events says so."""
    return any(not event.get("more") for event in own_events(folder, "outputs"))


def exit_code(folder: Path) -> int | None:
    """The exit code of the script, where it ended before its supervisor did."""
    codes = [event.get("exit_code") for event in own_events(folder, "status")]
    return next((code for code in reversed(codes) if isinstance(code, int)), None)


def _events(path: Path, *kinds: str) -> Iterator[dict[str, Any]]:
    """The events of some types in a file; none where it is missing."""
    signs = [f'"{kind}"'.encode() for kind in kinds]
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                # Most lines are metrics, whose parsing is saved.
                if line.endswith(b"\n") and any(sign in line for sign in signs):
                    event = _parsed(line)
                    if event.get("type") in kinds:
                        yield event
    except FileNotFoundError:
        return


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
