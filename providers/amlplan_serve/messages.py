"""Messages on the control socket: a JSON object and bytes each, and descriptors where needed."""

from __future__ import annotations

import array
import contextlib
import json
import os
import socket
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HEADER = struct.Struct("!II")
"""Lengths of the JSON and of the bytes behind it."""
LONGEST = 1 << 30
LONGEST_PATH = 100
"""Bytes that the path of a socket may have on every system."""


class BrokenMessageError(Exception):
    """What arrived is no message, or the other end left."""


def send(
    connection: socket.socket,
    about: Mapping[str, Any],
    data: bytes = b"",
    descriptors: tuple[int, ...] = (),
) -> None:
    """Send a message; blocks."""
    message = encoded(about, data)
    head, rest = message[: HEADER.size], message[HEADER.size :]
    if descriptors:
        rights = array.array("i", descriptors).tobytes()
        connection.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        head = b""
    connection.sendall(head + rest)


def encoded(about: Mapping[str, Any], data: bytes = b"") -> bytes:
    """A message as it is on its way."""
    head = json.dumps(about).encode()
    return HEADER.pack(len(head), len(data)) + head + data


def decoded(message: bytes) -> tuple[dict[str, Any], bytes]:
    """What a message says, which is all that is there; raises BrokenMessageError."""
    try:
        length, size = HEADER.unpack_from(message)
    except struct.error as failure:
        raise BrokenMessageError("a message is cut off") from failure
    end = HEADER.size + length
    if len(message) != end + size:
        raise BrokenMessageError(f"a message has {len(message)} bytes in place of {end + size}")
    return _object(message[HEADER.size : end]), message[end:]


def receive(
    connection: socket.socket, descriptors: int = 0
) -> tuple[dict[str, Any], bytes, list[int]]:
    """Wait for a message, with so many descriptors at most; raises BrokenMessageError."""
    head, fds = _head_of(connection, descriptors)
    length, size = HEADER.unpack(head + _exactly(connection, HEADER.size - len(head)))
    if length > LONGEST or size > LONGEST:
        raise BrokenMessageError("a message is too long")
    about = _object(_exactly(connection, length))
    return about, _exactly(connection, size), fds


def _object(text: bytes) -> dict[str, Any]:
    try:
        about = json.loads(text)
    except ValueError as failure:
        raise BrokenMessageError("a message is not JSON") from failure
    if not isinstance(about, dict):
        raise BrokenMessageError("a message is no object")
    return about


def _head_of(connection: socket.socket, descriptors: int) -> tuple[bytes, list[int]]:
    """The first bytes, with what descriptors came along; in Python since 3.9 only."""
    found = array.array("i")
    room = socket.CMSG_LEN(descriptors * found.itemsize)
    head, ancillary, _, _ = connection.recvmsg(HEADER.size, room)
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return head, found.tolist()


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = connection.recv(min(size - len(data), 1 << 20))
        if not part:
            raise BrokenMessageError("the other end left")
        data += part
    return bytes(data)


@contextlib.contextmanager
def reachable(path: str) -> Iterator[str]:
    """A name of this path that is short enough for a socket, by a link where it is too long."""
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="aml") as folder:
        link = Path(folder) / "s"
        link.symlink_to(Path(path).parent)
        yield str(link / Path(path).name)
