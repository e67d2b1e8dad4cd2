"""The log of a revision: its end, from a point on."""

from __future__ import annotations

from pathlib import Path

KEPT = 16 * 1024
"""Bytes of a log that are handed to people at most."""


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
