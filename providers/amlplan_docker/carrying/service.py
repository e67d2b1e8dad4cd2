"""The run's service on this host, for connections that a script in a container opens."""

from __future__ import annotations

import http.client
import json
import select
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from amlplan_docker.inside.frames import MOST, frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan_docker.carrying.paths import Paths

LONGEST_HEAD = 64 * 1024
_PASSED = frozenset({"authorization", "content-type"})
SECONDS = 600.0
"""The longest wait for an answer: a model of many gigabytes is being copied meanwhile."""


class Connections:
    """All connections of one script; each has threads of its own. `say` sends a frame."""

    def __init__(self, address: str, paths: Paths, say: Callable[[bytes], None]) -> None:
        self._address, self._paths, self._say = address, paths, say
        self._open: dict[int, socket.socket] = {}

    def take(self, kind: bytes, number: int, data: bytes) -> None:
        """What the script's side says."""
        if kind == b"c":
            self._begin(number)
        elif number in self._open:
            with suppress(OSError):
                if kind == b"d":
                    self._open[number].sendall(data)
                else:
                    self._open.pop(number).shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close all of them."""
        for connection in self._open.values():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _begin(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        self._open[number] = ours
        for target, arguments in ((self._pass_back, (number, ours)), (self._serve, (theirs,))):
            threading.Thread(target=target, args=arguments, daemon=True).start()

    def _pass_back(self, number: int, ours: socket.socket) -> None:
        """Send what the service says, until it is done."""
        with suppress(OSError), ours:
            while data := ours.recv(MOST):
                self._say(frame(b"d", number, data))
        self._say(frame(b"x", number))

    def _serve(self, theirs: socket.socket) -> None:
        with suppress(OSError), theirs:
            head = _head(theirs)
            if self._paths.is_about(head):
                _answer(theirs, head, self._ask_with_paths)
                return
            host, _, port = self._address.partition(":")
            with socket.create_connection((host, int(port))) as service:
                service.sendall(head)
                _pump(theirs, service)

    def _ask_with_paths(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, bytes]:
        """Ask the service about files, which are brought to where it finds them and back."""
        asked = self._paths.outwards(path, body)
        connection = http.client.HTTPConnection(self._address, timeout=SECONDS)
        try:
            connection.request(method, path, json.dumps(asked).encode(), headers)
            response = connection.getresponse()
            said = response.read()
        finally:
            connection.close()
        if response.status == http.HTTPStatus.OK:
            said = self._paths.inwards(path, body, asked, said)
        return response.status, said


def _head(theirs: socket.socket) -> bytes:
    """The head of a request, and what came with it."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < LONGEST_HEAD:
        data = theirs.recv(MOST)
        if not data:
            break
        head += data
    return head


def _answer(
    theirs: socket.socket,
    head: bytes,
    ask: Callable[[str, str, dict[str, str], dict[str, Any]], tuple[int, bytes]],
) -> None:
    """Read one request, have it answered, and send the answer."""
    from amlplan.errors import ProviderError

    lines, _, body = head.partition(b"\r\n\r\n")
    first, *others = lines.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        name.lower(): value.strip() for name, _, value in (it.partition(":") for it in others)
    }
    while len(body) < int(headers.get("content-length", "0")):
        data = theirs.recv(MOST)
        if not data:
            return
        body += data
    kept = {name: value for name, value in headers.items() if name in _PASSED}
    try:
        status, said = ask(method, path, kept, json.loads(body or b"{}"))
    except ProviderError as failure:
        status, said = (
            500,
            json.dumps({"error": failure.summary, "detail": failure.detail}).encode(),
        )
    except (OSError, ValueError, http.client.HTTPException) as failure:
        status, said = 500, json.dumps({"error": str(failure)}).encode()
    told = f"HTTP/1.1 {status} {http.client.responses.get(status, '')}\r\n"
    told += f"Content-Type: application/json\r\nContent-Length: {len(said)}\r\n"
    theirs.sendall(told.encode() + b"Connection: close\r\n\r\n" + said)


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes on both ways until one side ends."""
    poll = select.poll()
    ways = {one.fileno(): (one, other), other.fileno(): (other, one)}
    for descriptor in ways:
        poll.register(descriptor, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            source, target = ways[descriptor]
            data = source.recv(MOST)
            if not data:
                return
            target.sendall(data)
