"""What a script printed, kept in files until whoever follows the run has it."""

import os

from amlplan_docker.inside.frames import HEAD, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional

PIECE = 4 * 1024 * 1024
"""Bytes after which another file is begun; files that were had are removed."""
MOST = 1024 * 1024 * 1024
"""Bytes that are kept; after that the script waits when it prints."""


class Spool:
    """Frames of output in their order. Offsets count the bytes of all frames since the beginning.

    A disk that takes nothing loses nothing: the frame is held, and the spool full meanwhile.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        os.makedirs(folder, exist_ok=True)
        self.size = 0
        self._had = 0
        self._starts: "List[int]" = []
        self._writing = -1
        self._held = b""
        self._reading: "Optional[int]" = None
        self._reader = -1

    @property
    def is_full(self) -> bool:
        """Whether nothing may be added now; tries again to write what is held."""
        if self._held:
            held, self._held = self._held, b""
            self._write(held)
        return bool(self._held) or self.size - self._had > MOST

    def add(self, stream: int, data: bytes) -> None:
        """Keep output of a stream."""
        self._write(frame(b"o", stream, data))

    def read(self, offset: int) -> bytes:
        """The frame at an offset; b"" at the end."""
        if offset >= self.size:
            return b""
        start = max((it for it in self._starts if it <= offset), default=self.size)
        if self._reading != start:
            if self._reader >= 0:
                os.close(self._reader)
            self._reader = os.open(self._path(start), os.O_RDONLY)
            self._reading = start
        head = os.pread(self._reader, HEAD.size, offset - start)
        length = HEAD.unpack(head)[2]
        return head + os.pread(self._reader, length, offset - start + HEAD.size)

    def let_go(self, offset: int) -> None:
        """Remove the files whose output is had up to an offset."""
        self._had = max(self._had, offset)
        while len(self._starts) > 1 and self._starts[1] <= self._had:
            start = self._starts.pop(0)
            if self._reading == start:
                os.close(self._reader)
                self._reading, self._reader = None, -1
            os.unlink(self._path(start))

    def _write(self, data: bytes) -> None:
        try:
            if not self._starts or self.size - self._starts[-1] >= PIECE:
                self._begin()
            written = os.write(self._writing, data)
            if written < len(data):
                os.ftruncate(self._writing, self.size - self._starts[-1])
        except OSError:
            written = 0
        if written == len(data):
            self.size += len(data)
        else:
            self._held = data

    def _begin(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        writing = os.open(self._path(self.size), flags, 0o600)
        if self._writing >= 0:
            os.close(self._writing)
        self._writing = writing
        self._starts.append(self.size)

    def _path(self, start: int) -> str:
        return os.path.join(self._folder, "%020d" % start)
