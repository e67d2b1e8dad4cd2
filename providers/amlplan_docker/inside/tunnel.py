"""The run's service as a script in a container reaches it: a port of its own loopback."""

import select
import socket

from amlplan_docker.inside.frames import MOST, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional


class Tunnel:
    """Accepts connections and passes on what they say, each under a number.

    Connections that are open when the other side goes away are closed: a client asks again.
    """

    def __init__(self) -> None:
        self._listener: "Optional[socket.socket]" = None
        try:
            self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._listener.bind(("127.0.0.1", 0))
            self._listener.listen(128)
            self._listener.setblocking(False)  # noqa: FBT003 - its only form
        except OSError:  # a container without a loopback: scripts run all the same
            self._listener = None
        self._next = 0
        self._open: "Dict[int, socket.socket]" = {}
        self._waiting: "Dict[int, bytearray]" = {}
        self._closing: "List[int]" = []

    @property
    def port(self) -> int:
        """The port; 0 where there is none."""
        return 0 if self._listener is None else int(self._listener.getsockname()[1])

    def watch(self, poll: "select.poll", *, has_room: bool) -> None:
        """Have a poll watch what may be read, where there is room for it, and written."""
        if self._listener is not None and has_room:
            poll.register(self._listener, select.POLLIN)
        for number, connection in self._open.items():
            events = select.POLLIN if has_room else 0
            if self._waiting[number]:
                events |= select.POLLOUT
            if events:
                poll.register(connection, events)

    def look(self, ready: "Dict[int, int]") -> "List[bytes]":
        """Frames of what those said that a poll found ready."""
        frames: "List[bytes]" = []
        if self._listener is not None and self._listener.fileno() in ready:
            frames += self._accept()
        for number, connection in list(self._open.items()):
            events = ready.get(connection.fileno(), 0)
            if events & select.POLLOUT:
                self._send(number)
            if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
                frames += self._receive(number, connection)
        return frames

    def take(self, kind: bytes, number: int, data: bytes) -> None:
        """What the other side says of a connection."""
        if number not in self._open:
            return
        if kind == b"d":
            self._waiting[number] += data
        else:
            self._closing.append(number)
        self._send(number)

    def reset(self) -> None:
        """Close all connections."""
        for number in list(self._open):
            self._close(number)

    def _accept(self) -> "List[bytes]":
        assert self._listener is not None  # noqa: S101 - who calls saw it
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return []
        connection.setblocking(False)  # noqa: FBT003 - its only form
        self._next += 1
        self._open[self._next] = connection
        self._waiting[self._next] = bytearray()
        return [frame(b"c", self._next)]

    def _receive(self, number: int, connection: "socket.socket") -> "List[bytes]":
        try:
            data = connection.recv(MOST)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if data:
            return [frame(b"d", number, data)]
        self._close(number)
        return [frame(b"x", number)]

    def _send(self, number: int) -> None:
        waiting = self._waiting[number]
        try:
            while waiting:
                del waiting[: self._open[number].send(waiting)]
        except BlockingIOError:
            return
        except OSError:
            waiting.clear()
        if number in self._closing:
            self._close(number)

    def _close(self, number: int) -> None:
        self._open.pop(number).close()
        del self._waiting[number]
        if number in self._closing:
            self._closing.remove(number)
