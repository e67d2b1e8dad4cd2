"""The replica's end of its connection to the front; everything blocks."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import TYPE_CHECKING, Any

from amlplan_serve import frames, messages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE = 10.0
"""Seconds in which the front must answer a greeting."""


class UnwelcomeError(Exception):
    """The front does not take this replica, and will not; the text says why."""


class FrontLink:
    """One connection; raises OSError where no front is there or what it says makes no sense.

    `is_afresh` tells that the front wants no worker that there is already.
    """

    def __init__(self, path: Path, greeting: Mapping[str, Any]) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.settimeout(PATIENCE)
            with messages.reachable(str(path)) as short:
                self.socket.connect(short)
            self.send(frames.HELLO, {**greeting, "protocol": frames.PROTOCOL})
            kind, answer = read_frame(self.socket)
            self.socket.settimeout(None)
        except BaseException:
            self.socket.close()
            raise
        if kind != frames.SETUP or not answer.get("welcome"):
            self.socket.close()
            raise UnwelcomeError(str(answer.get("reason")))
        self.is_afresh = bool(answer.get("afresh"))

    def send(self, kind: int, about: Mapping[str, Any]) -> None:
        """Send a frame, before a worker sends its own."""
        self.socket.sendall(frames.frame(0, kind, json.dumps(about).encode()))

    def close(self) -> None:
        """Close it for whoever else has it, too; may be repeated."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def read_frame(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Wait for a frame that has an object; raises OSError where none comes."""
    length, _, _, kind = frames.HEADER.unpack(_exactly(connection, frames.HEADER.size))
    if length > frames.LONGEST:
        raise ConnectionError("a frame is too long")
    try:
        about = json.loads(_exactly(connection, length))
    except ValueError as failure:
        raise ConnectionError("a frame is not JSON") from failure
    if not isinstance(about, dict):
        raise ConnectionError("a frame is no object")
    return kind, about


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError("the other end left")
        data += part
    return bytes(data)
