"""Standard output and standard error of a script, apart and yet in their order."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 256 * 1024
"""Bytes read at once, and kept in memory of each stream: more than a pipe holds by default."""


class Streams:
    """The reading ends of two pipes; `writing` are the ends that the script gets.

    Two pipes do not tell which was written to last. What tells is which of them had something
    first since both were empty: a reader that is quick gets every line in its place, and of what
    is written in the moment that it takes to wake up, the stream that was first goes first.
    """

    def __init__(self) -> None:
        self._out, out = os.pipe()
        self._err, err = os.pipe()
        self.writing = (out, err)
        self._open = {self._out, self._err}
        self._first: select.epoll | None = None
        self.has_more = False
        for descriptor in self._open:
            os.set_blocking(descriptor, False)
        if hasattr(select, "epoll"):
            self._first = select.epoll()
            for descriptor in self._open:
                self._first.register(descriptor, select.EPOLLIN | select.EPOLLET)

    @property
    def is_open(self) -> bool:
        """Whether anybody may still write."""
        return bool(self._open)

    @property
    def waiting(self) -> frozenset[int]:
        """The descriptors that are readable when there is something to `read`."""
        if self._first is not None and self._open:
            return frozenset({self._first.fileno()})
        return frozenset(self._open)

    def close_writing(self) -> None:
        """Let go of the script's ends, so that the end of its output is seen."""
        for descriptor in self.writing:
            os.close(descriptor)

    def read(self, on_out: Callable[[bytes], None], on_err: Callable[[bytes], None]) -> None:
        """Pass on what is there now; does not block. `has_more` tells that it was not all."""
        is_error_first = self._is_error_first()
        self.has_more = False
        errors = self._taken(self._err)
        output = self._taken(self._out)  # behind the other: it has all that was printed before
        if errors and is_error_first:
            on_err(errors)
        if output:
            on_out(output)
        if errors and not is_error_first:
            on_err(errors)

    def close(self) -> None:
        """Let go of the reading ends."""
        if self._first is not None:
            self._first.close()
        os.close(self._out)
        os.close(self._err)

    def _is_error_first(self) -> bool:
        if self._first is None or not self._open:
            return False
        # Edges are listed in the order in which they came.
        ready = [descriptor for descriptor, _ in self._first.poll(0)]
        return bool(ready) and ready[0] == self._err

    def _taken(self, descriptor: int) -> bytes:
        """All that is there, up to a limit; an edge comes once only, so nothing may be left."""
        pieces: list[bytes] = []
        left = PIECE
        while descriptor in self._open and left > 0:
            try:
                pieces.append(os.read(descriptor, left))
            except BlockingIOError:
                break
            left -= len(pieces[-1])
            if not pieces[-1]:
                self._open.discard(descriptor)
        self.has_more = self.has_more or left <= 0
        return b"".join(pieces)
