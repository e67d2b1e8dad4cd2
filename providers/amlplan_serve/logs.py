"""Logs: opened for their owner only, and their end from a point on."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

KEPT = 16 * 1024
"""Bytes of a log that are handed to people at most."""

STANDARD_ERROR = "-"
"""The log of a server in a container: whoever runs that keeps what it writes."""


def private_log(path: str) -> int:
    """Open a log to append to, for its owner's eyes; raises OSError."""
    if path == STANDARD_ERROR:
        return os.dup(2)
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with contextlib.suppress(OSError):
        os.fchmod(log, 0o600)
    return log


def tail_of(path: str, start: int = 0) -> str:
    """The end of a log, from this byte on at the earliest; empty where there is none."""
    try:
        with Path(path).open("rb") as log:
            end = log.seek(0, 2)
            log.seek(max(start, end - KEPT) if end > start else end)
            return log.read(KEPT).decode(errors="replace")
    except OSError:
        return ""


class LogMark:
    """Remembers where a log ended, so that only what came after is shown."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._start = Path(path).stat().st_size
        except OSError:
            self._start = 0

    def tail(self) -> str:
        """The end of what was written since."""
        return tail_of(self._path, self._start)
