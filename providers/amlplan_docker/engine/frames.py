"""The frames in which an engine sends two streams over one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STDOUT, STDERR = 1, 2
_HEADER = 8
_LENGTH = slice(4, 8)


class Frames:
    """Takes bytes as they arrive and gives their frames, whole or in pieces, with their stream."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._stream = STDOUT
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The pieces that these bytes bring; a header may be cut anywhere."""
        self._waiting += data
        while True:
            if self._left:
                piece = bytes(self._waiting[: self._left])
                del self._waiting[: self._left]
                self._left -= len(piece)
                if piece:
                    yield self._stream, piece
            if self._left or len(self._waiting) < _HEADER:
                return
            self._stream = self._waiting[0]
            self._left = int.from_bytes(self._waiting[_LENGTH], "big")
            del self._waiting[:_HEADER]


def pieces_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What both streams carry, in the order in which it came."""
    frames = Frames()
    for chunk in chunks:
        for _, piece in frames.feed(chunk):
            yield piece
