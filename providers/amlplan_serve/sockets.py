"""Unix sockets that listen at a path, also over that of a dead server."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from amlplan_serve import messages

if TYPE_CHECKING:
    from pathlib import Path

BACKLOG = 64


class PathListener:
    """Listens at a path; the socket has `mode`. Raises OSError."""

    def __init__(self, path: Path, mode: int) -> None:
        self._path = path
        self.socket = _made(path, mode)
        self._identity = _identity(path)

    def close(self) -> None:
        """Take the socket away, unless it is somebody else's by now; may be repeated."""
        if _identity(self._path) == self._identity:
            self._path.unlink(missing_ok=True)
        self.socket.close()


def _made(path: Path, mode: int) -> socket.socket:
    """Make the socket beside its place, then put it there."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~mode)
    try:
        with messages.reachable(str(aside)) as short:
            made.bind(short)
        made.listen(BACKLOG)
        aside.replace(path)
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino
