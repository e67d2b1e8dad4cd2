"""A pool whose workers are those of replicas: they connect by themselves to a socket of their own.

What is said on a connection: the replica greets, the front answers whether it is welcome, the
replica tells whether `init` was done; from then on its worker answers requests, until the front
lets it go. A connection that just ends leaves the worker as it is, for the next front.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any, cast

from amlplan_serve import frames
from amlplan_serve.link import Link
from amlplan_serve.meeting import socket_of
from amlplan_serve.pool import RevisionBrokenError
from amlplan_serve.settings import ReplicaStatus
from amlplan_serve.sockets import PathListener
from amlplan_serve.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.link import Owner
    from amlplan_serve.settings import RevisionSpec
    from amlplan_serve.tickets import Ticket

GREETING = 10.0
"""Seconds in which who connects must have said who it is."""
OPEN_TO_ALL = 0o666
"""Replicas may run as another user; the volume with the socket is for them and the front only."""


class Replica(Link):
    """The connection of one replica, which is nobody's before it was welcomed."""

    def __init__(self, owner: ReplicaPool) -> None:
        super().__init__(cast("Owner", owner))
        self._pool = owner
        self.name = ""
        self.was_ready = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for its greeting, not for ever."""
        super().connection_made(transport)
        asyncio.get_running_loop().call_later(GREETING, self._end_nameless)

    def connection_lost(self, failure: Exception | None) -> None:
        """Tell the pool, unless the replica never belonged to it."""
        self.was_ready = self.is_ready
        if not self.ended.done():
            self.ended.set_result(None)
        if self.name:
            super().connection_lost(failure)

    def tell(self, about: Mapping[str, Any]) -> None:
        """Tell the replica whether it is welcome, or its worker that it may end."""
        told = frames.frame(0, frames.SETUP, json.dumps(about).encode())
        cast("asyncio.WriteTransport", self._transport).write(told)

    def close(self) -> None:
        """Let the worker go for good; may be repeated."""
        if self.is_ready and self._transport is not None and not self._transport.is_closing():
            self.tell({"welcome": False})
        super().close()

    def _greeted(self, about: dict[str, Any]) -> None:
        if self.name:
            raise ValueError("a replica greets once")
        self._pool.greeted(self, about)

    def _failed(self, reason: str) -> None:
        super()._failed(f"{self.name}: {reason}")

    def _end_nameless(self) -> None:
        if not self.name:
            self.kill()


class ReplicaPool(WorkerPool):
    """Gives requests to the replicas that are there; every one that connects has its share.

    How many there are is for whoever starts and stops them; how many are wanted says when the
    revision is ready. The request that a replica was at as it ended is asked of another, once.
    """

    def __init__(self, spec: RevisionSpec, folder: str) -> None:
        super().__init__(spec, {})
        self._path = socket_of(folder, spec.revision)
        self._listener: PathListener | None = None
        self._server: asyncio.AbstractServer | None = None
        self._restarts: dict[str, int] = {}
        self._stuck: set[str] = set()
        self._manifest: bytes | None = None

    async def begin(self) -> None:
        """Let replicas connect from now on; raises RevisionBrokenError where that cannot be."""
        try:
            self._listener = PathListener(self._path, OPEN_TO_ALL)
            self._listener.socket.setblocking(False)  # noqa: FBT003 - its only form
            self._server = await self._loop.create_unix_server(
                lambda: Replica(self), sock=self._listener.socket
            )
        except OSError as failure:
            raise RevisionBrokenError(
                f"{self._path} cannot be listened on: {failure}", ""
            ) from None
        await super().begin()

    async def scale(self, workers: int, _: Mapping[str, str] | None = None) -> None:
        """Wait for that many; raises RevisionBrokenError. Who is gone by then is not missed."""
        await super().scale(workers)
        there = {item.name for item in self._connected()}
        self._restarts = {name: count for name, count in self._restarts.items() if name in there}

    async def end(self) -> None:
        """Let nobody connect any more, and let the workers go for good."""
        self._close_listener()
        await super().end()

    async def detach(self) -> None:
        """Let nobody connect any more; the workers wait for the next front."""
        self._close_listener()
        for worker in self._workers:
            worker.kill()
        await super().end()

    def _close_listener(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._listener is not None:
            self._listener.close()

    def manifest(self) -> bytes | None:
        """What the replicas say is in their image."""
        return self._manifest

    def greeted(self, replica: Replica, about: Mapping[str, Any]) -> None:
        """Take in a replica, or let one of this name go; raises what tells a broken greeting."""
        name = str(about["replica"])
        if about["protocol"] != frames.PROTOCOL:
            self._refuse(replica, name, about)
        elif about.get("leaving"):
            replica.tell({"welcome": True})
            self._let_go(name)
        else:
            self._take_in(replica, name, about)

    def _refuse(self, replica: Replica, name: str, about: Mapping[str, Any]) -> None:
        reason = (
            f"{name} speaks protocol {about['protocol']} of amlplan {about.get('version')}, and "
            f"this front protocol {frames.PROTOCOL}"
        )
        replica.tell({"welcome": False, "reason": reason})
        replica.close()
        self.worker_failed(reason)

    def _take_in(self, replica: Replica, name: str, about: Mapping[str, Any]) -> None:
        for other in self._of_name(name):
            other.kill()  # it is dead, and this has not been noticed
        replica.name = name
        self._restarts.setdefault(name, 0)
        self._workers.append(replica)
        if about.get("manifest") is not None:
            self._manifest = str(about["manifest"]).encode()
        replica.tell({"welcome": True, "afresh": name in self._stuck})
        self._stuck.discard(name)

    def _let_go(self, name: str) -> None:
        self._restarts.pop(name, None)
        for replica in self._of_name(name):
            if replica in self._ready:
                self._ready.remove(replica)
            replica.leave()

    def _of_name(self, name: str) -> list[Replica]:
        return [item for item in self._connected() if item.name == name]

    def _connected(self) -> list[Replica]:
        return [worker for worker in self._workers if isinstance(worker, Replica)]

    # How this kind of pool differs.

    def _have_as_many(self) -> None:
        """Wait for them: replicas are started by somebody else."""

    def _replace(self, worker: Link) -> None:
        replica = cast("Replica", worker)
        if replica.is_stuck:
            self._stuck.add(replica.name)
        if replica.was_ready:
            self.restarts += 1
            self._restarts[replica.name] = self._restarts.get(replica.name, 0) + 1
        elif not self._is_started:
            self.worker_failed(f"{replica.name} ended before it was ready")

    def _unanswered(self, ticket: Ticket) -> None:
        if ticket.is_repeated or self._is_ending:
            super()._unanswered(ticket)
            return
        ticket.is_repeated = True
        self._queue.appendleft(ticket)
        for other in self._ready:
            self._feed(other)

    def _took_too_long(self) -> None:
        waiting = [item.name for item in self._connected() if not item.is_ready]
        are = f"; init() was not done in {', '.join(waiting)}" if waiting else ""
        reason = (
            f"{len(self._ready)} of {self._wanted} replicas were ready within "
            f"{self.spec.startup_timeout:g} s{are}"
        )
        self._failed = self._failed or reason

    def _replicas(self) -> tuple[ReplicaStatus, ...]:
        there = {item.name: item for item in self._connected()}
        return tuple(
            ReplicaStatus(
                name=name,
                ready=name in there and there[name].is_ready,
                restarts=self._restarts.get(name, 0),
                in_flight=len(there[name].pending) if name in there else 0,
            )
            for name in sorted({*there, *self._restarts}, key=_natural)
        )


def _natural(name: str) -> list[tuple[int, str]]:
    """The order in which people put names with numbers."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
