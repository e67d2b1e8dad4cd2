"""The address of a server: accepts connections for its application, can move to another."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_serve.certificates import Certificate
    from amlplan_serve.front import Front

BACKLOG = 2048
LOOK = 0.02
"""Seconds between two looks whether the last connection was closed."""


class AddressError(Exception):
    """An address cannot be listened on; `is_taken` where somebody else does."""

    def __init__(self, host: str, port: int, failure: OSError) -> None:
        super().__init__(f"{host}:{port} cannot be listened on: {failure.strerror}.")
        self.is_taken = failure.errno == errno.EADDRINUSE


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens, at any free port where that is 0; raises AddressError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(BACKLOG)
    except OSError as failure:
        opened.close()
        raise AddressError(host, port, failure) from failure
    return opened


class _Uvicorn(uvicorn.Server):
    """uvicorn, but the signals are ours."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listener:
    """Serves an application at a socket that listens; made and used in the server's loop."""

    def __init__(
        self,
        front: Front,
        opened: socket.socket,
        keep_alive: int,
        certificate: Certificate | None = None,
    ) -> None:
        self._front = front
        self._socket = opened
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                front,
                interface="asgi3",
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=keep_alive,
            )
        )
        self._uvicorn.config.load()
        self.certificate = certificate
        self._tell()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, port = self._socket.getsockname()[:2]
        return host, port

    def keep_alive(self, seconds: int) -> None:
        """Keep idle connections so long."""
        self._uvicorn.config.timeout_keep_alive = seconds

    def fileno(self) -> int:
        """The descriptor of the socket."""
        return self._socket.fileno()

    async def start(self) -> asyncio.Task[None]:
        """Answer requests from now on; the task is done once `end` had its effect."""
        running = asyncio.get_running_loop().create_task(self._uvicorn.serve([self._socket]))
        while not self._uvicorn.started and not running.done():  # noqa: ASYNC110 - all it tells
            await asyncio.sleep(0.005)
        return running

    async def move(self, port: int) -> None:
        """Listen at another port of the same host, and at the old one no longer.

        Who is connected there is answered once more and told to close. Raises AddressError, and
        changes nothing then.
        """
        host, before = self.address
        if port == before:
            return
        await self._listen_at(bound(host, port))

    async def show(self, certificate: Certificate | None) -> None:
        """Speak TLS with this certificate from now on, or no TLS.

        Who is connected in the other way is answered once more and told to close.
        """
        self.certificate = certificate
        await self._listen_at(self._socket.dup())

    async def _listen_at(self, opened: socket.socket) -> None:
        config, state = self._uvicorn.config, self._uvicorn.server_state
        protocol = config.http_protocol_class
        server = await asyncio.get_running_loop().create_server(
            lambda: protocol(config=config, server_state=state, app_state={}),  # type: ignore[call-arg]
            sock=opened,
            ssl=self.certificate.context if self.certificate is not None else None,
        )
        self._stop_accepting()
        self._uvicorn.servers[:] = [server]
        self._socket = opened
        self._tell()

    def _tell(self) -> None:
        """Let uvicorn and the application know how this listens now."""
        self._uvicorn.config.ssl = self.certificate.context if self.certificate else None
        self._front.port = self.address[1]
        self._front.scheme = "https" if self.certificate is not None else "http"

    def end(self, seconds: float) -> None:
        """Stop accepting, let what is in flight finish within this time, then end."""
        self._front.is_closing = True
        self._uvicorn.config.timeout_graceful_shutdown = max(1, round(seconds))
        self._uvicorn.should_exit = True

    async def leave(self, seconds: float) -> None:
        """End when nobody is connected any more: each is told to close with its next answer."""
        self._front.is_closing = True
        self._stop_accepting()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._emptied(), seconds)
        self.end(1.0)

    async def _emptied(self) -> None:
        while self._uvicorn.server_state.connections:  # noqa: ASYNC110 - all it tells
            await asyncio.sleep(LOOK)

    def _stop_accepting(self) -> None:
        for server in self._uvicorn.servers:
            server.close()
