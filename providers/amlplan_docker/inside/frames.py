"""The frames in which the runner of a container and whoever follows it talk to each other.

A frame is a letter, a number, the length of what it carries, and that. From the runner come

    o  output of the script: 0 its standard output, 1 its standard error
    n  a name for the number of a file, relative to the run's folder
    f  more bytes of the file of a number
    t  the file of a number was made shorter, and is sent anew
    c  the script opened a connection to the run's service, under a number
    d  bytes of that connection
    x  that connection was closed
    e  the script ended; how, as JSON
    b  a sign of life

and to it go

    h  what is had already, as JSON; it comes first
    a  so many bytes of the output are had, as digits
    d  bytes of a connection
    x  a connection was closed
    k  all is had, the runner may end
"""

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Tuple

    Frame = Tuple[bytes, int, bytes]

HEAD = struct.Struct(">cII")
MOST = 64 * 1024
"""Bytes that a frame of the runner carries at most."""
LONGEST = 16 * 1024 * 1024
"""Bytes that no frame carries; who announces more does not speak this language."""


class BrokenError(Exception):
    """What was read is no frame."""


def frame(kind: bytes, number: int = 0, data: bytes = b"") -> bytes:
    """A frame as it is sent."""
    return HEAD.pack(kind, number, len(data)) + data


class Frames:
    """Takes bytes as they come and gives the frames that are complete."""

    def __init__(self) -> None:
        self._held = bytearray()

    def take(self, data: bytes) -> "Iterator[Frame]":
        """The frames that this completes; raises BrokenError."""
        self._held += data
        while len(self._held) >= HEAD.size:
            kind, number, length = HEAD.unpack_from(self._held)
            if length > LONGEST:
                raise BrokenError("a frame of %d bytes" % length)
            end = HEAD.size + length
            if len(self._held) < end:
                return
            payload = bytes(self._held[HEAD.size : end])
            del self._held[:end]
            yield kind, number, payload
