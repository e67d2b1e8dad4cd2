"""One HTTP server that answers for a replica: whether it is ready, and the connections to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from amlplan_serve.http_exchange import DeadConnectionError, HttpConnection, request_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from amlplan_serve.http_exchange import HttpAnswer

CONNECTING = 5.0
"""Seconds for a connection to be made."""
PROBE_PATIENCE = 5.0
"""Seconds for an answer whether it is ready."""
HURRIED, CALM = 0.2, 2.0
"""Seconds between two looks at a server that is not ready, and at one that is."""
GOOD = range(200, 400)
MOST_IDLE = 64


class Upstream:
    """A server at host:port; call `watch` once, and `end` after it."""

    def __init__(
        self,
        name: str,
        address: str,
        routes: Mapping[str, str],
        changed: Callable[[], None],
    ) -> None:
        self.name = name
        self.address = address
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._probed = routes.get("readiness") or routes.get("liveness")
        self._changed = changed
        self._idle: deque[HttpConnection] = deque()
        self._watching: asyncio.Task[None] | None = None
        self._was_ready = False
        self._doubted = asyncio.Event()
        self.is_ready = False
        self.in_flight = 0
        self.restarts = 0
        self.why_not = "it was not asked yet"

    def watch(self) -> None:
        """Ask from now on whether it is ready."""
        self._watching = asyncio.get_running_loop().create_task(self._watched())

    def end(self) -> None:
        """Ask no more; what is in flight goes on."""
        self.is_ready = False
        if self._watching is not None:
            self._watching.cancel()
        self.forget_connections()

    def doubt(self) -> None:
        """Take it for not ready until it says otherwise: a connection to it has failed."""
        self._note(ready=False, why="a connection to it ended")
        self.forget_connections()
        self._doubted.set()

    def forget_connections(self) -> None:
        """Close what is idle: the server may be another one by now."""
        while self._idle:
            self._idle.pop().close()

    async def ask(
        self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> HttpAnswer:
        """Have a request answered; raises DeadConnectionError, and OSError without a connection.

        A kept connection that turns out closed is no failure: another one is made then.
        """
        request = request_of(method, target, self.address, headers, body)
        while True:
            connection = await self._connection()
            was_used = connection.was_used
            try:
                answer = await connection.ask(request, is_head=method == "HEAD")
            except DeadConnectionError as dead:
                if was_used and not dead.began:
                    self.forget_connections()
                    continue
                raise
            self._keep(connection)
            return answer

    async def _connection(self) -> HttpConnection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable:
                return connection
        loop = asyncio.get_running_loop()
        making = loop.create_connection(HttpConnection, self._host, self._port)
        try:
            _, connection = await asyncio.wait_for(making, CONNECTING)
        except (asyncio.TimeoutError, UnicodeError):
            raise OSError(f"{self.address} does not take a connection") from None
        return connection

    def _keep(self, connection: HttpConnection) -> None:
        if connection.is_reusable and len(self._idle) < MOST_IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    async def _watched(self) -> None:
        while True:
            self._doubted.clear()
            await self._look()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._doubted.wait(), CALM if self.is_ready else HURRIED)

    async def _look(self) -> None:
        """Ask once whether it is ready."""
        try:
            if self._probed is None:
                self._keep(await self._connection())
                self._note(ready=True)
                return
            asked = self.ask("GET", self._probed, [], b"")
            answer = await asyncio.wait_for(asked, PROBE_PATIENCE)
        except asyncio.TimeoutError:
            if not self.in_flight:  # a server with one thread answers nothing beside a request
                self._note(ready=False, why=f"GET {self._probed} was not answered")
        except DeadConnectionError:
            self._note(ready=False, why=f"GET {self._probed}: the connection ended")
        except OSError as failure:
            self._note(ready=False, why=failure.strerror or str(failure))
        else:
            why = f"GET {self._probed} was answered with {answer.status}"
            self._note(ready=answer.status in GOOD, why=why)

    def _note(self, *, ready: bool, why: str = "") -> None:
        if ready and not self.is_ready and self._was_ready:
            self.restarts += 1
        self.is_ready, self.why_not = ready, why
        self._was_ready = self._was_ready or ready
        self._changed()
