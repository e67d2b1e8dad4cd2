"""Appends the command line's own events to files: one at a time, durable on return."""

from __future__ import annotations

import fcntl
import json
import os
import time
from typing import TYPE_CHECKING

from amlplan.errors import HistoryError
from amlplan_state.runs.database import sync_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

LONGEST_LINE = 1024 * 1024
_TAIL = 64 * 1024


def append(path: Path, event: Mapping[str, Any], *, moment: float | None = None) -> float:
    """Append an event with its number and time; gives the time.

    Raises OSError, after which the file is as it was, and HistoryError for a longer event than a
    line may be.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        number, is_torn = _last(descriptor, size)
        now = time.time() if moment is None else moment
        line = _encode({"n": number + 1, "t": now, **event})
        _write(descriptor, size, b"\n" * is_torn + line)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)  # each time: who made the file may have been killed before its own
    return now


def _encode(event: Mapping[str, Any]) -> bytes:
    line = json.dumps(event, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    if len(line) > LONGEST_LINE:
        raise HistoryError(
            "An event is too long",
            f"A {event.get('type')} event takes {len(line)} bytes, and {LONGEST_LINE} is the most. "
            "Keep what is large in a file and record its name.",
        )
    return line


def _write(descriptor: int, size: int, data: bytes) -> None:
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _last(descriptor: int, size: int) -> tuple[int, bool]:
    """The number of the last whole event, and whether a torn line follows it."""
    tail = b""
    start = size
    while start and tail.count(b"\n") < 3:  # noqa: PLR2004 - the last whole line, and its neighbours
        step = min(_TAIL, start)
        start -= step
        tail = os.pread(descriptor, step, start) + tail
    lines = tail.split(b"\n")
    for line in reversed(lines[:-1]):
        try:
            return int(json.loads(line)["n"]), bool(lines[-1])
        except (ValueError, KeyError, TypeError):
            continue
    return -1, bool(lines[-1])
