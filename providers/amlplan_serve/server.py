"""The server process: listens, serves, obeys its control socket, and drains when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import uvloop

from amlplan import __version__
from amlplan_serve.access_log import AccessLog
from amlplan_serve.control import Control
from amlplan_serve.front import Front
from amlplan_serve.keys import Keys
from amlplan_serve.listener import Listener
from amlplan_serve.measures import Measures
from amlplan_serve.orders import Orders
from amlplan_serve.revisions import Revisions
from amlplan_serve.settings import RevisionSpec, RevisionStatus, ServerConfig, Status

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

YOUNG_OBJECTS = 20_000
"""Objects between two collections of garbage; a request makes some dozens, in no cycle."""
LOOK = 1.0
"""Seconds between two looks whether the folder of the server is still there."""
LAST_WORDS = 10.0
"""Seconds for the workers to be gone after the last answer."""


class Starter(Protocol):
    """Who started a server and waits for it to serve."""

    def confirm(self) -> None:
        """Raise where nobody waits any more, or what served before does not give way."""
        ...

    def serving(self, status: Status) -> None:
        """Learn that requests are answered, and the control socket obeys."""
        ...


class Server:
    """One server: made in its loop, runs until it is told to end."""

    def __init__(self, config: ServerConfig, opened: socket.socket, lock: int) -> None:
        self._config = config
        self._lock = lock
        self._measures = Measures(self._active_status)
        self._revisions = Revisions(self._measures.revision_ended)
        self._access_log = AccessLog(config.access_log) if config.access_log else None
        self._front = Front(
            self._revisions,
            self._measures,
            Keys(config.keys) if config.keys is not None else None,
            body_limit=config.body_limit,
            version=__version__,
            access_log=self._access_log,
        )
        self._listener = Listener(self._front, opened, config.keep_alive)
        self._orders = Orders(self._revisions, self._front, self._listener, self.status)
        self._leaving: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    async def serve(self, heritage: Mapping[str, Any], starter: Starter) -> None:
        """Serve until told to end, at first what the server before this one did.

        Raises RevisionBrokenError where that does not start here.
        """
        try:
            await self._inherit(heritage)
            starter.confirm()
            await self._obey(starter)
        finally:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._revisions.end(), LAST_WORDS)

    async def _inherit(self, heritage: Mapping[str, Any]) -> None:
        if heritage.get("spec") is not None:
            spec = RevisionSpec(**heritage["spec"])
            await self._revisions.load(spec, heritage["secrets"])
            await self._revisions.activate(spec.revision)

    async def _obey(self, starter: Starter) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._listener.end, self._config.drain_seconds)
        running = await self._listener.start()
        control = Control(self._config.control, self, self._loop)
        watching = self._loop.create_task(self._end_without_folder())
        writing = self._loop.create_task(self._access_log.run()) if self._access_log else None
        try:
            starter.serving(self.status())
            await running
        finally:
            watching.cancel()
            control.close()
            if self._access_log is not None and writing is not None:
                self._access_log.end()
                await writing

    # What the control socket asks for.

    async def handle(
        self, command: str, about: Mapping[str, Any], data: bytes
    ) -> tuple[dict[str, Any], bytes]:
        """Carry out one command; raises what a caller is to be told."""
        return await self._orders.handle(command, about, data)

    def heritage(self) -> tuple[dict[str, Any], tuple[int, ...]]:
        """What a successor needs; it keeps the secrets in its memory too."""
        active = self._revisions.active
        about: dict[str, Any] = {"spec": None, "secrets": {}}
        if active is not None:
            about = {"spec": active.scaled_spec.as_json(), "secrets": dict(active.secrets)}
        return about, (self._listener.fileno(), self._lock)

    def succeeded(self) -> None:
        """Drain patiently: a client keeps its connection until it was told to close it."""
        if self._leaving is None:
            self._leaving = self._loop.create_task(self._listener.leave(self._config.drain_seconds))

    def status(self) -> Status:
        """How the server is doing."""
        host, port = self._listener.address
        candidate = self._revisions.coming
        return Status(
            pid=os.getpid(),
            version=__version__,
            interpreter=sys.executable,
            host=host,
            port=port,
            active=self._active_status(),
            candidate=candidate.status() if candidate is not None else None,
            draining=tuple(pool.spec.revision for pool in self._revisions.draining),
            requests=self._measures.requests,
            key_fingerprints=self._front.keys.fingerprints()
            if self._front.keys is not None
            else {},
            closing=self._front.is_closing,
        )

    def _active_status(self) -> RevisionStatus | None:
        active = self._revisions.active
        return active.status() if active is not None else None

    async def _end_without_folder(self) -> None:
        """End once the folder was deleted: nobody could reach this server to end it."""
        folder = Path(self._config.control).parent
        while folder.exists():  # noqa: ASYNC110 - all it tells
            await asyncio.sleep(LOOK)
        self._listener.end(self._config.drain_seconds)


def run(
    config: ServerConfig,
    opened: socket.socket,
    lock: int,
    heritage: Mapping[str, Any],
    starter: Starter,
) -> None:
    """Run a server to its end at a socket that listens."""

    async def main() -> None:
        server = Server(config, opened, lock)
        gc.freeze()  # what was imported is never garbage: looking at it costs tail latency
        gc.set_threshold(YOUNG_OBJECTS)
        await server.serve(heritage, starter)

    uvloop.run(main())
