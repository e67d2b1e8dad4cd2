"""Commands in containers that are talked to for as long as they run, both ways at once."""

from __future__ import annotations

import os
import select
import ssl
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from amlplan_docker.engine.frames import STDOUT, Frames
from amlplan_docker.engine.parts import Part

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

_UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}
_AGAIN = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_PIECE = 256 * 1024
_WAITING = 1.0
"""Seconds after which a thread with nothing to do looks whether it still should."""


class EngineConversations(Part):
    """What concerns commands that go on."""

    def converse(
        self, name: str, command: Sequence[str], heard: Callable[[bytes], None]
    ) -> Conversation:
        """Start a command in a running container; `heard` gets what it says, b"" at its end.

        It is called in a thread of the conversation's. Raises ConflictError where the container
        does not run.
        """
        streams = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True}
        path = f"/containers/{name}/exec"
        made = self._calls.request("POST", path, json={"Cmd": list(command), **streams}).json()
        answer = self._calls.request(
            "POST",
            f"/exec/{made['Id']}/start",
            json={"Detach": False, "Tty": False},
            headers=_UPGRADE,
            stream=True,
        )
        return Conversation(answer, heard)


class Conversation:
    """A command that is talked to. One thread has the connection: TLS takes no two at once."""

    def __init__(self, answer: Any, heard: Callable[[bytes], None]) -> None:
        self._answer = answer
        # The SDK has no way to the connection: what came with the headers is in the buffer.
        self._buffer = answer.raw._fp.fp  # noqa: SLF001
        self._socket: socket.socket = self._buffer.raw._sock  # noqa: SLF001
        self._socket.setblocking(False)  # noqa: FBT003 - its only form
        self._heard = heard
        self._frames = Frames()
        self._leaving: deque[memoryview] = deque()
        self._wakes, self._wake = os.pipe()
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._hold, name="docker command", daemon=True)
        self._thread.start()

    def say(self, data: bytes) -> None:
        """Send bytes when there is room for them; returns at once."""
        self._leaving.append(memoryview(data))
        self._rouse()

    def close(self) -> None:
        """End it: the command sees the end of its input. May be called twice."""
        if not self._is_closed.is_set():
            self._is_closed.set()
            self._rouse()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _rouse(self) -> None:
        try:
            os.write(self._wake, b".")
        except OSError:  # it ended
            return

    def _hold(self) -> None:
        try:
            self._take(self._buffered())
            while not self._is_closed.is_set():
                self._send()
                data = self._receive()
                if data == b"":
                    return
                if data is None:
                    self._await()
                else:
                    self._take(data)
            self._send()
        except OSError:
            return
        finally:
            self._is_closed.set()
            self._answer.close()
            self._socket.close()
            os.close(self._wakes)
            os.close(self._wake)
            self._heard(b"")

    def _buffered(self) -> bytes:
        try:
            seen = self._buffer.peek()
            return bytes(self._buffer.read(len(seen)) or b"") if seen else b""
        except _AGAIN:
            return b""

    def _take(self, data: bytes) -> None:
        for stream, piece in self._frames.feed(data):
            if stream == STDOUT:
                self._heard(piece)

    def _receive(self) -> bytes | None:
        try:
            return bytes(self._socket.recv(_PIECE))
        except _AGAIN:
            return None

    def _send(self) -> None:
        while self._leaving:
            first = self._leaving[0]
            try:
                rest = first[self._socket.send(first[:_PIECE]) :]
            except _AGAIN:
                return
            if rest:
                self._leaving[0] = rest
            else:
                self._leaving.popleft()

    def _await(self) -> None:
        waiting = select.poll()
        waiting.register(self._wakes, select.POLLIN)
        waiting.register(self._socket, select.POLLIN | (select.POLLOUT if self._leaving else 0))
        ready = dict(waiting.poll(_WAITING * 1000))
        if self._wakes in ready:
            os.read(self._wakes, 4096)
