"""The server process: listens, serves, obeys its control socket, and drains when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
import uvloop

from amlplan_serve.control import Control
from amlplan_serve.front import Front
from amlplan_serve.keys import Keys
from amlplan_serve.measures import Measures
from amlplan_serve.revisions import Revisions
from amlplan_serve.settings import RevisionSpec, RevisionStatus, ServerConfig, Status

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping

    from amlplan_serve.pool import Pool

YOUNG_OBJECTS = 20_000
"""Objects between two collections of garbage; a request makes some dozens, in no cycle."""
LOOK = 1.0
"""Seconds between two looks whether the folder of the server is still there."""
LAST_WORDS = 10.0
"""Seconds for the workers to be gone after the last answer."""


class _Listener(uvicorn.Server):
    """uvicorn, but the signals are ours."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """One server: made in its loop, runs until it is told to end."""

    def __init__(self, config: ServerConfig, listener: socket.socket, lock: int) -> None:
        self._config = config
        self._listener = listener
        self._lock = lock
        self._keys = Keys(config.keys) if config.keys is not None else None
        self._measures = Measures(self._active_status)
        self._revisions = Revisions(self._measures.revision_ended)
        self._version = _version()
        self._front = Front(
            self._revisions,
            self._measures,
            self._keys,
            body_limit=config.body_limit,
            version=self._version,
        )
        self._uvicorn = _Listener(
            uvicorn.Config(
                self._front,
                interface="asgi3",
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=config.keep_alive,
            )
        )
        self._ending: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    async def inherit(self, heritage: Mapping[str, Any]) -> None:
        """Load what the server before this one served; raises RevisionBrokenError."""
        if heritage.get("spec") is not None:
            spec = RevisionSpec(**heritage["spec"])
            await self._revisions.load(spec, heritage["secrets"])
            await self._revisions.activate(spec.revision)

    async def serve(self, listening: Callable[[], None]) -> None:
        """Serve until told to end; `listening` is called once requests are answered."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._end, self._config.drain_seconds)
        running = self._loop.create_task(self._uvicorn.serve([self._listener]))
        while not self._uvicorn.started and not running.done():  # noqa: ASYNC110 - all it tells
            await asyncio.sleep(0.005)
        control = Control(self._config.control, self, self._loop)
        watching = self._loop.create_task(self._end_without_folder())
        try:
            listening()
            await running
        finally:
            watching.cancel()
            control.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._revisions.end(), LAST_WORDS)

    # What the control socket asks for.

    async def handle(
        self, command: str, about: Mapping[str, Any], data: bytes
    ) -> tuple[dict[str, Any], bytes]:
        """Carry out one command; raises what a caller is to be told."""
        match command:
            case "status":
                return self.status().as_json(), b""
            case "score":
                return await self._score(about, data)
            case "load":
                await self._revisions.load(RevisionSpec(**about["spec"]), about["secrets"])
            case "activate":
                await self._revisions.activate(about["revision"])
            case "discard":
                await self._revisions.discard(about["revision"])
            case "scale":
                await self._revisions.scale(int(about["workers"]))
            case "reload_keys":
                if self._keys is not None:
                    self._keys.reload()
            case "stop":
                self._end(float(about["drain_seconds"]))
            case _:
                raise ValueError(command)
        return {}, b""

    def heritage(self) -> tuple[dict[str, Any], tuple[int, ...]]:
        """What a successor needs; it keeps the secrets in its memory too."""
        active = self._revisions.active
        about: dict[str, Any] = {"spec": None, "secrets": {}}
        if active is not None:
            spec = {**active.spec.as_json(), "workers": active.status().workers_wanted}
            about = {"spec": spec, "secrets": dict(active.secrets)}
        return about, (self._listener.fileno(), self._lock)

    def succeeded(self) -> None:
        """Drain patiently: a client keeps its connection until it was told to close it."""
        if self._ending is None:
            self._ending = self._loop.create_task(self._drain_connections())

    def status(self) -> Status:
        """How the server is doing."""
        host, port = self._listener.getsockname()[:2]
        candidate = self._revisions.coming
        return Status(
            pid=os.getpid(),
            version=self._version,
            host=host,
            port=port,
            active=self._active_status(),
            candidate=candidate.status() if candidate is not None else None,
            draining=tuple(pool.spec.revision for pool in self._revisions.draining),
            requests=self._measures.requests,
            key_fingerprints=self._keys.fingerprints() if self._keys is not None else {},
            closing=self._front.is_closing,
        )

    async def _score(self, about: Mapping[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        pool: Pool = self._revisions.find(about["revision"])
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in about["headers"].items()
        ]
        response = await self._front.answer(pool, "POST", b"", headers, data)
        told = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers
        ]
        return {"status": response.status, "headers": told}, response.body

    def _active_status(self) -> RevisionStatus | None:
        active = self._revisions.active
        return active.status() if active is not None else None

    # How it ends.

    def _end(self, seconds: float) -> None:
        """Stop accepting, let what is in flight finish within this time, then end."""
        self._front.is_closing = True
        self._uvicorn.config.timeout_graceful_shutdown = max(1, round(seconds))
        self._uvicorn.should_exit = True

    async def _end_without_folder(self) -> None:
        """End once the folder was deleted: nobody could reach this server to end it."""
        folder = Path(self._config.control).parent
        while folder.exists():  # noqa: ASYNC110 - all it tells
            await asyncio.sleep(LOOK)
        self._end(self._config.drain_seconds)

    async def _drain_connections(self) -> None:
        self._front.is_closing = True
        for server in self._uvicorn.servers:
            server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.drain_seconds):
                while self._uvicorn.server_state.connections:  # noqa: ASYNC110 - all it tells
                    await asyncio.sleep(0.02)
        self._end(1.0)


def run(
    config: ServerConfig,
    listener: socket.socket,
    lock: int,
    heritage: Mapping[str, Any],
    listening: Callable[[Status], None],
) -> None:
    """Run a server to its end; `listening` gets its status once it serves."""

    async def main() -> None:
        server = Server(config, listener, lock)
        gc.freeze()  # what was imported is never garbage: looking at it costs tail latency
        gc.set_threshold(YOUNG_OBJECTS)
        await server.inherit(heritage)
        await server.serve(lambda: listening(server.status()))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def _version() -> str:
    try:
        return version("amlplan")
    except PackageNotFoundError:
        return "unknown"
