"""Pools of workers, however these come, and the requests that wait for one of them."""

from __future__ import annotations

import asyncio
import itertools
import time
from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING

from amlplan_serve.pool import OverloadedError, Pool, RevisionBrokenError
from amlplan_serve.tickets import Ticket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.frames import Frame
    from amlplan_serve.link import Link
    from amlplan_serve.settings import RevisionSpec

TICK = 0.1
"""Seconds between two looks for requests that take too long, at most."""
AHEAD = 2000.0
"""Microseconds of work that a worker may be sent ahead."""
SLOW = 0.005
"""Seconds after which what a worker is at counts as slow: nothing is sent ahead any more."""
DEEPEST_ALONE = 32
DEEPEST_SHARED = 4
"""Requests sent ahead at most: one that turns out slow holds up those behind it."""
ENDING = 10.0
"""Seconds for processes to be gone; the guard needs 4 for those that do not listen."""


class WorkerPool(Pool):
    """Gives requests to workers; how those come to be there is for its kinds."""

    def __init__(self, spec: RevisionSpec, secrets: Mapping[str, str]) -> None:
        super().__init__(spec, secrets)
        self._limit = spec.max_concurrency
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.cycle(range(1, 1 << 32))
        self._queue: deque[Ticket] = deque()
        self._workers: list[Link] = []
        self._ready: list[Link] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._typical = AHEAD
        self._depth = 1
        self._last_ready = time.monotonic()
        self._failed: str | None = None
        self._tick = min(TICK, spec.scoring_timeout / 10)

    # What the server does with a pool.

    async def begin(self) -> None:
        """Have workers as soon as they are ready, without waiting for that."""
        self._is_started = True
        self._loop.call_later(self._tick, self._look_at_clock)
        self._have_as_many()

    async def scale(self, workers: int, _: Mapping[str, str] | None = None) -> None:
        """Have that many workers; raises RevisionBrokenError where more do not get ready."""
        before, self._wanted = self._wanted, workers
        self._failed, self._is_started = None, False
        self._have_as_many()
        try:
            await self._settle()
        except RevisionBrokenError:
            self._wanted = min(before, workers)
            raise
        finally:
            self._is_started = True
            self._have_as_many()

    async def end(self) -> None:
        """End the workers and fail what waits; returns when their processes are gone."""
        self._is_ending = True
        for worker in list(self._workers):
            worker.leave()
            if worker.pending or not worker.is_ready:
                worker.kill()
        self._fail_those_waiting("The revision was ended.")
        ending = [*(worker.ended for worker in self._workers), *self._tasks]
        if ending:
            await asyncio.wait(ending, timeout=ENDING)

    def submit(self, kind: int, payload: bytes) -> asyncio.Future[Frame]:
        """Have a request answered; raises OverloadedError where there are too many."""
        if self._in_flight >= self._limit:
            raise OverloadedError
        self._in_flight += 1
        number = next(self._numbers)
        future: asyncio.Future[Frame] = self._loop.create_future()
        ticket = Ticket(number, kind, payload, future)
        if not self._queue:
            worker = self._free_worker(ticket.since)
            if worker is not None:
                worker.send(ticket)
                return future
        self._queue.append(ticket)
        return future

    def _ready_count(self) -> int:
        return len(self._ready)

    # What workers tell.

    def worker_ready(self, worker: Link) -> None:
        """Let it have what waits."""
        self.description = worker.description
        if not worker.is_leaving:
            self._ready.append(worker)
        self._feed(worker)
        self._changed.set()

    def worker_failed(self, reason: str) -> None:
        """Remember why the first one failed."""
        self._failed = self._failed or reason
        self._changed.set()

    def worker_answered(self, worker: Link, microseconds: int) -> None:
        """Let the worker have more; learn how much it may be sent ahead."""
        self._in_flight -= 1
        self._typical += (microseconds + 10 - self._typical) * 0.1
        deepest = DEEPEST_ALONE if len(self._ready) < 2 else DEEPEST_SHARED  # noqa: PLR2004
        self._depth = max(1, min(deepest, int(AHEAD / self._typical)))
        if self._queue:
            self._feed(worker)
        elif self._in_flight == 0:
            self._changed.set()

    def worker_lost(self, worker: Link) -> None:
        """See to the request that it was at, let others have the rest, and have it replaced."""
        self._forget(worker)
        if not self._is_ending and not worker.is_leaving:
            self._replace(worker)

    # What kinds of pools differ in.

    @abstractmethod
    def _have_as_many(self) -> None:
        """See to it that there are as many workers as are wanted."""

    @abstractmethod
    def _replace(self, worker: Link) -> None:
        """Have another worker in place of one that ended unasked."""

    def _unanswered(self, ticket: Ticket) -> None:
        """See to the request that a worker was at as it ended."""
        self._fail(ticket, 502, "The scoring process ended before it answered.")

    def _log_tail(self) -> str:
        """The end of what the workers wrote."""
        return ""

    # The rest is inside.

    def _staying(self) -> list[Link]:
        return [worker for worker in self._workers if not worker.is_leaving]

    async def _settle(self) -> None:
        """Wait until as many are ready as are wanted; raises RevisionBrokenError."""
        deadline = time.monotonic() + self.spec.startup_timeout
        while sum(not worker.is_leaving for worker in self._ready) < self._wanted:
            if time.monotonic() > deadline:
                self._took_too_long()
            if self._failed is not None or self._is_ending:
                self._end_unready()
                raise RevisionBrokenError(self._failed or "it was ended", self._log_tail())
            await self._wait_for_change(min(0.5, self.spec.startup_timeout / 10))

    def _end_unready(self) -> None:
        for worker in self._staying():
            if not worker.is_ready:
                worker.is_leaving = True
                worker.kill()

    def _took_too_long(self) -> None:
        reason = f"init() was not done within {self.spec.startup_timeout:g} s"
        self._failed = self._failed or reason

    def _free_worker(self, now: float) -> Link | None:
        ready = self._ready
        if not ready:
            return None
        worker = ready[0] if len(ready) == 1 else min(ready, key=_load_of)
        if worker.pending and now - worker.head_since > SLOW:
            return None
        return worker if len(worker.pending) < self._depth else None

    def _feed(self, worker: Link) -> None:
        while self._queue and not worker.is_leaving and len(worker.pending) < self._depth:
            worker.send(self._queue.popleft())

    def _forget(self, worker: Link) -> None:
        """Take a worker out; those behind the request that it was at wait first."""
        if worker in self._ready:
            self._ready.remove(worker)
        if worker in self._workers:
            self._workers.remove(worker)
            task = self._loop.create_task(_until(worker.ended))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if worker.pending:
            ticket = worker.pending.popleft()
            self._send_elsewhere(worker)
            self._unanswered(ticket)

    def _send_elsewhere(self, worker: Link) -> None:
        """Let others have what a worker was sent and has not begun; it comes before the rest."""
        self._queue.extendleft(reversed(worker.pending))
        worker.pending.clear()
        for other in self._ready:
            self._feed(other)
        if self._is_ending:
            self._fail_those_waiting("The revision was ended.")

    def _fail(self, ticket: Ticket, status: int, message: str, *, in_run: bool = False) -> None:
        self._in_flight -= 1
        ticket.fail(status, message, in_run=in_run)
        if self._in_flight == 0:
            self._changed.set()

    def _fail_those_waiting(self, message: str, before: float = float("inf")) -> None:
        while self._queue and self._queue[0].since < before:
            self._fail(self._queue.popleft(), 503, message)

    def _look_at_clock(self) -> None:
        """End what takes too long; goes on until the pool ends."""
        if self._is_ending:
            return
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.pending and now - worker.head_since > self.spec.scoring_timeout:
                self._end_stuck(worker)
            elif not worker.is_ready and now - worker.started > self.spec.startup_timeout:
                self._took_too_long()
                worker.kill()
        if self._ready:
            self._last_ready = now
        elif now - self._last_ready > self.spec.scoring_timeout:
            self._fail_those_waiting("No worker is ready.", now - self.spec.scoring_timeout)
        self._loop.call_later(self._tick, self._look_at_clock)

    def _end_stuck(self, worker: Link) -> None:
        milliseconds = round(self.spec.scoring_timeout * 1000)
        ticket = worker.pending.popleft()
        self._fail(ticket, 500, f"Scoring timeout after {milliseconds} ms", in_run=True)
        if worker in self._ready:
            self._ready.remove(worker)
        worker.is_stuck = True
        worker.kill()
        self._send_elsewhere(worker)


def _load_of(worker: Link) -> int:
    return len(worker.pending)


async def _until(ended: asyncio.Future[None]) -> None:
    await ended
