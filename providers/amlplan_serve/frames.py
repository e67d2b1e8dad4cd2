"""Frames between the server and its workers: many in one read, large ones in many."""

from __future__ import annotations

import json
import struct
from typing import Any, NamedTuple

HEADER = struct.Struct("!IIIB")
"""Length of the payload, number of the request, microseconds that `run` took, kind."""
LENGTH = struct.Struct("!I")
SETUP, BODY, REQUEST = range(3)
HELLO, READY, FAILED, VALUE, ANSWER = range(3, 8)
"""The kinds, as `worker.py` has them: that file imports nothing of ours."""
PROTOCOL = 1
"""What a front and a replica tell each other; another one where either would not understand."""
LONGEST = 1 << 31
"""Bytes of a payload beyond which the other end is taken to be broken."""


class Frame(NamedTuple):
    """One frame that arrived."""

    number: int
    kind: int
    microseconds: int
    payload: bytes


class BrokenFrameError(Exception):
    """What arrived is no frame."""


def frame(number: int, kind: int, payload: bytes) -> bytes:
    """A frame to send."""
    return HEADER.pack(len(payload), number, 0, kind) + payload


def with_head(head: dict[str, Any], body: bytes) -> bytes:
    """A body behind what is told about it."""
    encoded = json.dumps(head).encode()
    return LENGTH.pack(len(encoded)) + encoded + body


def parted(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """What is told about a body, and the body; raises BrokenFrameError."""
    try:
        (length,) = LENGTH.unpack_from(payload)
        end = LENGTH.size + length
        head = json.loads(payload[LENGTH.size : end])
    except (struct.error, ValueError) as failure:
        raise BrokenFrameError(str(failure)) from failure
    if end > len(payload) or not isinstance(head, dict):
        raise BrokenFrameError("not an object")
    return head, payload[end:]


class FrameReader:
    """Cuts what arrives into frames."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._have = 0
        self._need = HEADER.size

    def feed(self, data: bytes) -> list[Frame]:
        """Give the frames that are whole now; raises BrokenFrameError."""
        if self._have:
            self._parts.append(data)
            self._have += len(data)
            if self._have < self._need:
                return []
            data = b"".join(self._parts)
        position, size = 0, len(data)
        found: list[Frame] = []
        need = HEADER.size
        while size - position >= HEADER.size:
            length, number, took, kind = HEADER.unpack_from(data, position)
            if length > LONGEST or not HELLO <= kind <= ANSWER:
                raise BrokenFrameError(f"kind {kind}, {length} bytes")
            start = position + HEADER.size
            if size - start < length:
                need = HEADER.size + length
                break
            position = start + length
            found.append(Frame(number, kind, took, data[start:position]))
        self._parts = [data[position:]]
        self._have = size - position
        self._need = need
        return found
