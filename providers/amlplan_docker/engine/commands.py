"""Commands executed in a container: bytes in, bytes out, and an exit code."""

from __future__ import annotations

import select
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

from amlplan_docker.engine.failures import TooSlowError
from amlplan_docker.engine.frames import STDERR, STDOUT, Frames
from amlplan_docker.engine.parts import Part
from amlplan_docker.engine.seen import Executed

if TYPE_CHECKING:
    from collections.abc import Sequence

_UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}
_AGAIN = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_PIECE = 65536


class EngineCommands(Part):
    """What concerns commands in containers."""

    def execute(
        self,
        name: str,
        command: Sequence[str],
        stdin: bytes = b"",
        timeout: float = 60,
        *,
        user: str = "",
    ) -> Executed:
        """Run a command in a running container, with `stdin` and then the end of it as its input.

        Raises ConflictError where the container does not run, TooSlowError after `timeout`
        seconds; the command then goes on.
        """
        deadline = time.monotonic() + timeout
        asked = {"Cmd": list(command), "AttachStdin": True, "User": user}
        asked |= {"AttachStdout": True, "AttachStderr": True}
        path = f"/containers/{name}/exec"
        made = self._calls.request("POST", path, json=asked).json()["Id"]
        answer = self._calls.request(
            "POST",
            f"/exec/{made}/start",
            json={"Detach": False, "Tty": False},
            headers=_UPGRADE,
            stream=True,
        )
        try:
            with self._calls.told():
                output = _Conversation(answer, stdin).hold(deadline)
        finally:
            answer.close()
        if output is None:
            self._calls.is_alive()
            raise _too_slow(command, timeout)
        return Executed(self._exit_code(made, command, timeout, deadline), *output)

    def _exit_code(self, made: str, command: Sequence[str], timeout: float, deadline: float) -> int:
        """The code, which may come a little after the output."""
        while True:
            seen = self._calls.call("exec_inspect", made)
            if not seen["Running"] and seen["ExitCode"] is not None:
                return int(seen["ExitCode"])
            if time.monotonic() > deadline:
                raise _too_slow(command, timeout)
            time.sleep(0.02)


class _Conversation:
    """One thread that sends and receives at once, so that neither side waits for the other."""

    def __init__(self, answer: Any, stdin: bytes) -> None:
        # The SDK has no way to the connection either: what came with the headers is in the buffer.
        self._buffer = answer.raw._fp.fp  # noqa: SLF001
        self._socket = self._buffer.raw._sock  # noqa: SLF001
        self._left = memoryview(stdin)
        self._has_input = bool(stdin)
        self._is_sending = True
        self._frames = Frames()
        self._output = {STDOUT: bytearray(), STDERR: bytearray()}

    def hold(self, deadline: float) -> tuple[bytes, bytes] | None:
        """What came on both streams until the other side ended; None where time is up."""
        self._socket.settimeout(0)
        self._take(self._buffered())
        while True:
            is_idle = not self._send()
            received = self._receive()
            if received == b"":
                return bytes(self._output[STDOUT]), bytes(self._output[STDERR])
            if received is not None:
                self._take(received)
            elif is_idle and not self._await(deadline - time.monotonic()):
                return None

    def _buffered(self) -> bytes:
        """What was read together with the headers, and perhaps a little more."""
        try:
            seen = self._buffer.peek()
            return bytes(self._buffer.read(len(seen)) or b"") if seen else b""
        except _AGAIN:
            return b""

    def _take(self, data: bytes) -> None:
        for stream, piece in self._frames.feed(data):
            self._output.get(stream, self._output[STDOUT]).extend(piece)

    def _send(self) -> bool:
        """Send a piece, or the end of the input; whether anything could be done."""
        if not self._is_sending:
            return False
        try:
            if self._left:
                self._left = self._left[self._socket.send(self._left[:_PIECE]) :]
                return True
            # For TLS as well: its own way of ending would take the receiving half with it.
            socket.socket.shutdown(self._socket, socket.SHUT_WR)
        except _AGAIN:
            return False
        except OSError:
            pass  # the command ended without reading all of it
        self._is_sending = False
        return True

    def _receive(self) -> bytes | None:
        try:
            return bytes(self._socket.recv(_PIECE))
        except _AGAIN:
            return None
        except ConnectionResetError:
            if not self._has_input:
                raise
            return b""  # how a connection ends whose input nobody read; asked about afterwards

    def _await(self, seconds: float) -> bool:
        if seconds <= 0:
            return False
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN | (select.POLLOUT if self._is_sending else 0))
        return bool(waiting.poll(seconds * 1000))


def _too_slow(command: Sequence[str], timeout: float) -> TooSlowError:
    return TooSlowError(
        "The command in the container did not end in time",
        f"{command[0]} has no end after {timeout:g} seconds.",
    )
