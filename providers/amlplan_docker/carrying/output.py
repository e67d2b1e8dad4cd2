"""The script's output on its way from the container to the supervisor, on this process's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from amlplan_docker.inside.frames import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterable

ACKNOWLEDGED = 256 * 1024
"""Bytes after which the runner is told what may be forgotten."""


class SupervisorGoneError(Exception):
    """Nobody reads our output any more."""


class Output:
    """Writes to standard output and standard error what the script wrote to its own."""

    def __init__(self) -> None:
        self.offset = 0
        """The bytes of frames that were passed on, as the runner counts them."""
        self._told = 0

    def take(self, stream: int, data: bytes) -> None:
        """Pass on the output of a frame; blocks until it is taken."""
        _write(2 if stream else 1, data)
        self.offset += HEAD.size + len(data)

    def due(self) -> int | None:
        """The offset where it is time to tell it, else None."""
        if self.offset - self._told < ACKNOWLEDGED:
            return None
        self._told = self.offset
        return self.offset

    def take_rest(self, start: int, frames: Iterable[tuple[bytes, int, bytes]]) -> None:
        """Pass on what of some frames, the first of which begins at an offset, was not yet."""
        offset = start
        for _, stream, data in frames:
            if offset >= self.offset:
                self.take(stream, data)
            offset += HEAD.size + len(data)


def say(text: str) -> None:
    """Add a line of ours to the log of the run."""
    _write(1, f"(amlplan: {text})\n".encode())


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BrokenPipeError as failure:
            raise SupervisorGoneError from failure
