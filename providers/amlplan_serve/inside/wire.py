"""Frames to and from the server, as the worker's end of the socket has them."""

import array
import json
import os
import socket
import struct

HEADER = struct.Struct("!IIIB")
"""Length of the payload, number of the request, microseconds that `run` took, kind."""
LENGTH = struct.Struct("!I")
SETUP, BODY, REQUEST = range(3)
HELLO, READY, FAILED, VALUE, ANSWER = range(3, 8)
"""VALUE is a result as JSON with status 200; ANSWER has its status and headers before the body."""
READ_SIZE = 1 << 18


def with_head(head: "dict[str, object]", body: bytes) -> bytes:
    """Put what is told about a body before it."""
    encoded = json.dumps(head).encode()
    return LENGTH.pack(len(encoded)) + encoded + body


def parted(payload: bytes) -> "tuple[dict[str, object], bytes]":
    """What is told about a body, and the body."""
    (length,) = LENGTH.unpack_from(payload)
    end = LENGTH.size + length
    return json.loads(payload[LENGTH.size : end].decode()), payload[end:]


class Connection:
    """Frames to and from the server; whole ones only."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - its only form
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptor)
        self._data = b""
        self._position = 0

    def read(self) -> "tuple[int, int, bytes]":
        """Wait for a frame: its number, kind and payload; EOFError where the server is gone."""
        length, number, _, kind = HEADER.unpack(self._take(HEADER.size))
        return number, kind, self._take(length)

    def write(self, number: int, kind: int, payload: bytes, took: int = 0) -> None:
        """Send a frame; blocks until it is sent."""
        try:
            self._socket.sendall(HEADER.pack(len(payload), number, took, kind) + payload)
        except OSError:
            raise EOFError from None

    def receive_connection(self) -> "Connection":
        """Wait for another connection to be handed over; EOFError where none will be."""
        found = array.array("i")
        try:
            _, ancillary, _, _ = self._socket.recvmsg(1, socket.CMSG_LEN(found.itemsize))
        except OSError:
            raise EOFError from None
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                found.frombytes(data[: found.itemsize])
        if not found:
            raise EOFError
        return Connection(found[0])

    def _take(self, size: int) -> bytes:
        end = self._position + size
        if end > len(self._data):
            self._fill(size)
            end = size
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def _fill(self, size: int) -> None:
        """Read until there is as much as that from the position on, which moves to the start."""
        parts = [self._data[self._position :]]
        have = len(parts[0])
        while have < size:
            try:
                part = self._socket.recv(max(READ_SIZE, min(size - have, 1 << 24)))
            except OSError:
                part = b""
            if not part:
                raise EOFError
            parts.append(part)
            have += len(part)
        self._data = b"".join(parts)
        self._position = 0
