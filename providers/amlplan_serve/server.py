"""The server process: listens, serves, obeys its control socket, and drains when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import uvloop

from amlplan import __version__
from amlplan_serve.access_log import AccessLog
from amlplan_serve.certificates import Certificate
from amlplan_serve.control import Control
from amlplan_serve.front import Front
from amlplan_serve.front_orders import FrontOrders, keys_of
from amlplan_serve.keys import Keys
from amlplan_serve.listener import Listener
from amlplan_serve.measures import Measures
from amlplan_serve.orders import Orders
from amlplan_serve.pool import RevisionBrokenError
from amlplan_serve.pools import spawning
from amlplan_serve.revisions import Revisions
from amlplan_serve.settings import Status, spec_from_json

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from amlplan_serve.front_folder import FrontFolder
    from amlplan_serve.revisions import MakePool
    from amlplan_serve.settings import RevisionSpec, RevisionStatus, ServerConfig

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


@dataclass(frozen=True)
class Kind:
    """What one kind of server differs in from another.

    `heritage` is what the server before this one served, which is ready before this one begins;
    `first` a revision that is loaded while it answers already, and with which it fails. A front has
    a `folder`, from which it takes keys and certificate, and has `remembered` which revision was
    active and which was paused.
    """

    make_pool: MakePool = spawning
    heritage: Mapping[str, Any] = field(default_factory=dict)
    first: tuple[RevisionSpec, Mapping[str, str]] | None = None
    folder: FrontFolder | None = None
    remembered: tuple[RevisionSpec | None, RevisionSpec | None] = (None, None)


class Server:
    """One server: made in its loop, runs until it is told to end.

    Raises UnusableKeysError and UnusableCertificateError, and FolderError where a front's folder
    makes no sense.
    """

    def __init__(self, config: ServerConfig, opened: socket.socket, lock: int, kind: Kind) -> None:
        self._config = config
        self._lock = lock
        self._kind = kind
        self._drain_seconds = config.drain_seconds
        self._measures = Measures(self._active_status)
        self._access_log = AccessLog(config.access_log) if config.access_log else None
        self._revisions = Revisions(kind.make_pool, self._measures.revision_ended, self._remember)
        self._front = Front(
            self._revisions,
            self._measures,
            self._first_keys(),
            body_limit=config.body_limit,
            version=__version__,
            access_log=self._access_log,
        )
        self._listener = Listener(self._front, opened, config.keep_alive, self._certificate())
        self._orders = Orders(self._revisions, self._front, self._listener, self.status)
        if kind.folder is not None:
            more = FrontOrders(kind.folder, self._front, self._listener, self._drain_within)
            self._orders.learn(more.known())
        self._leaving: asyncio.Task[None] | None = None
        self._broken: RevisionBrokenError | None = None
        self._loop = asyncio.get_running_loop()

    async def serve(self, starter: Starter) -> None:
        """Serve until told to end, at first what the server before this one did.

        Raises RevisionBrokenError where what it is to begin with does not start here.
        """
        try:
            await self._begin()
            starter.confirm()
            await self._obey(starter)
        finally:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._revisions.end(), LAST_WORDS)
        if self._broken is not None:
            raise self._broken

    async def _begin(self) -> None:
        heritage = self._kind.heritage
        if heritage.get("spec") is not None:
            await self._take_on(spec_from_json(heritage["spec"]), heritage["secrets"])
        await self._revisions.restore(*self._kind.remembered)

    async def _take_on(self, spec: RevisionSpec, secrets: Mapping[str, str]) -> None:
        await self._revisions.load(spec, secrets)
        await self._revisions.activate(spec.revision)

    async def _load_first(self) -> None:
        """Load what the server was started for; without that it ends."""
        if self._kind.first is not None:
            try:
                await self._take_on(*self._kind.first)
            except RevisionBrokenError as failure:
                self._broken = failure
                self._listener.end(0)

    async def _obey(self, starter: Starter) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._end)
        running = await self._listener.start()
        control = Control(self._config.control, self, self._loop)
        beside = [
            self._loop.create_task(work)
            for work in (self._end_without_folder(), self._load_first())
        ]
        writing = self._loop.create_task(self._access_log.run()) if self._access_log else None
        try:
            starter.serving(self.status())
            await running
        finally:
            for task in beside:
                task.cancel()
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
            self._leaving = self._loop.create_task(self._listener.leave(self._drain_seconds))

    def status(self) -> Status:
        """How the server is doing."""
        host, port = self._listener.address
        candidate, paused = self._revisions.coming, self._revisions.paused
        certificate, keys = self._listener.certificate, self._front.keys
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
            key_fingerprints=keys.fingerprints() if keys is not None else {},
            closing=self._front.is_closing,
            paused=paused.revision if paused is not None else None,
            certificate=certificate.fingerprint if certificate is not None else "",
        )

    # The rest is inside.

    def _first_keys(self) -> Keys | None:
        if self._kind.folder is not None:
            return keys_of(self._kind.folder, self._kind.folder.settings())
        return Keys(self._config.keys) if self._config.keys is not None else None

    def _certificate(self) -> Certificate | None:
        certificate, key = self._config.certificate, self._config.certificate_key
        return (
            Certificate(certificate, key) if certificate is not None and key is not None else None
        )

    def _remember(self, active: RevisionSpec | None, paused: RevisionSpec | None) -> None:
        if self._kind.folder is not None:
            self._kind.folder.memory.keep(active, paused)

    def _active_status(self) -> RevisionStatus | None:
        active = self._revisions.active
        return active.status() if active is not None else None

    def _drain_within(self, seconds: float) -> None:
        self._drain_seconds = seconds

    def _end(self) -> None:
        self._listener.end(self._drain_seconds)

    async def _end_without_folder(self) -> None:
        """End once the folder was deleted: nobody could reach this server to end it."""
        folder = Path(self._config.control).parent
        while folder.exists():  # noqa: ASYNC110 - all it tells
            await asyncio.sleep(LOOK)
        self._end()


def run(
    config: ServerConfig, opened: socket.socket, lock: int, kind: Kind, starter: Starter
) -> None:
    """Run a server to its end at a socket that listens; raises what `Server` does."""

    async def main() -> None:
        server = Server(config, opened, lock, kind)
        gc.freeze()  # what was imported is never garbage: looking at it costs tail latency
        gc.set_threshold(YOUNG_OBJECTS)
        await server.serve(starter)

    uvloop.run(main())
