"""Events that the supervisor of a run and the command line append to its event files."""

from __future__ import annotations

import errno
import json
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any


class EventFile:
    """Appends the events of one writer, each with one write. One process at a time has it open."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        before = b""
        self._next = 0
        while piece := os.read(self._descriptor, 1 << 20):
            self._next += piece.count(b"\n")
            before = piece[-1:]
        self._is_torn = before not in {b"", b"\n"}

    def append(self, event: Mapping[str, Any]) -> None:
        """Write an event; raises OSError."""
        line = json.dumps({"n": self._next, "t": time.time(), **event}).encode() + b"\n"
        if self._is_torn:
            line = b"\n" + line
        written = os.write(self._descriptor, line)
        self._is_torn = written < len(line)
        if self._is_torn:  # a disk that is nearly full takes the beginning only
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._next += 1

    def sync(self) -> None:
        """Make what was appended survive a power loss."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def status(
    name: str, reason: str | None = None, exit_code: int | None = None, attempt: int = 1
) -> dict[str, Any]:
    """The event of a status."""
    return {
        "type": "status",
        "status": name,
        "reason": reason,
        "exit_code": exit_code,
        "attempt": attempt,
    }
