"""A worker as a pool sees it: a connection, and the requests that were sent on it."""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, cast

from amlplan_serve import frames
from amlplan_serve.described import UNKNOWN, description_of

if TYPE_CHECKING:
    from amlplan_serve.frames import Frame
    from amlplan_serve.tickets import Ticket


class Owner(Protocol):
    """Who is told what becomes of a worker."""

    def worker_ready(self, worker: Any) -> None:
        """`init` is done."""
        ...

    def worker_failed(self, reason: str) -> None:
        """The script of a worker could not be loaded; the worker ends."""
        ...

    def worker_answered(self, worker: Any, microseconds: int) -> None:
        """The oldest request of the worker has its answer."""
        ...

    def worker_lost(self, worker: Any) -> None:
        """Nothing comes from it any more; its requests are for the owner."""
        ...


class Link(asyncio.Protocol, ABC):
    """The connection of one worker: requests go out in their order, and so do answers come."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._reader = frames.FrameReader()
        self._transport: asyncio.WriteTransport | None = None
        self.started = time.monotonic()
        self.ended = asyncio.get_running_loop().create_future()
        self.pending: deque[Ticket] = deque()
        self.head_since = 0.0
        self.is_ready = False
        self.is_leaving = False
        self.is_stuck = False
        self.description = UNKNOWN

    def send(self, ticket: Ticket) -> None:
        """Send a request; the caller minds how many are sent ahead."""
        if not self.pending:
            self.head_since = time.monotonic()
        self.pending.append(ticket)
        if self._transport is not None:
            self._transport.write(ticket.data)

    def leave(self) -> None:
        """End once what was sent is answered; may be repeated."""
        self.is_leaving = True
        if not self.pending:
            self.close()

    def close(self) -> None:
        """End now, gently; may be repeated."""
        if self._transport is not None:
            self._transport.close()
        elif not self.ended.done():
            self.ended.set_result(None)

    def kill(self) -> None:
        """End at once, even one that is stuck; may be repeated."""
        if self._transport is not None:
            self._transport.abort()  # what is not sent yet would be waited for
        else:
            self.close()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what requests are written to."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Take what the worker says; one that makes no sense is ended."""
        try:
            for frame in self._reader.feed(data):
                self._take(frame)
        except (frames.BrokenFrameError, ValueError, KeyError, IndexError, TypeError):
            self.kill()

    def connection_lost(self, _: Exception | None) -> None:
        """Pass on what was not answered."""
        self.is_ready = False
        self._owner.worker_lost(self)

    def _take(self, frame: Frame) -> None:
        if frame.kind >= frames.VALUE:
            self._answered(frame)
        elif frame.kind == frames.READY:
            self.description = description_of(frame.payload)
            self.is_ready = True
            self._owner.worker_ready(self)
        elif frame.kind == frames.HELLO:
            self._greeted(json.loads(frame.payload))
        else:
            self._failed(str(json.loads(frame.payload)["reason"]))

    def _answered(self, frame: Frame) -> None:
        ticket = self.pending.popleft()
        if ticket.number != frame.number:
            self.pending.appendleft(ticket)
            raise frames.BrokenFrameError("an answer to nothing")
        if self.pending:
            self.head_since = time.monotonic()
        ticket.answer(frame)
        self._owner.worker_answered(self, frame.microseconds)
        if self.is_leaving and not self.pending:
            self.close()

    @abstractmethod
    def _greeted(self, about: dict[str, Any]) -> None:
        """Take the first that a worker says; raises ValueError where it makes no sense."""

    def _failed(self, reason: str) -> None:
        self._owner.worker_failed(reason)
