"""The log of a run: what its script printed, with secrets masked, up to a limit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from amlplan.masking import StreamMask

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ENDING = 64 * 1024
"""Bytes kept of the end of what is beyond the limit: that is where an error stands."""


class RunLog:
    """Appends to the log as output comes; bytes are kept as they are.

    Beyond `limit` bytes, or where the disk takes no more, a line says so, and only the end of the
    rest is added by `finish`.
    """

    def __init__(self, path: Path, hidden: Iterable[str], limit: int) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o644)
        self._limit = limit
        self._room = limit - os.fstat(self.descriptor).st_size
        self._mask = StreamMask(hidden)
        self._beyond = 0
        self._ending = b""

    def take(self, data: bytes) -> None:
        """Add output; never raises, since a script need not end for its log."""
        self._add(self._mask.take(data))

    def finish(self) -> None:
        """Add what was held back, and the end of what was beyond the limit."""
        self._add(self._mask.finish())
        if self._beyond:
            missing = self._beyond - len(self._ending)
            self._write(f"\n(amlplan: {missing} bytes are left out here)\n".encode())
            self._write(self._ending)

    def _add(self, data: bytes) -> None:
        taken = self._write(data[: self._room]) if self._room > 0 else 0
        self._room -= taken
        rest = data[taken:]
        if not rest:
            return
        if not self._beyond:
            self._room = 0
            self._write(
                f"\n(amlplan: no more is kept here, for the log is limited to {self._limit} bytes "
                "or its disk is full; the end is added when the script is over)\n".encode()
            )
        self._beyond += len(rest)
        self._ending = (self._ending + rest)[-ENDING:]

    def _write(self, data: bytes) -> int:
        """How many bytes could be written."""
        written = 0
        while written < len(data):
            try:
                written += os.write(self.descriptor, data[written:])
            except OSError:
                break
        return written
