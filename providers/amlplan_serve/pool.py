"""The workers of one revision, and the requests that wait for one of them."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from collections import deque
from typing import TYPE_CHECKING

from amlplan_serve.described import UNKNOWN
from amlplan_serve.logs import LogMark
from amlplan_serve.process import Worker
from amlplan_serve.settings import RevisionStatus
from amlplan_serve.tickets import Ticket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.frames import Frame
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
LONGEST_BACKOFF = 30.0
ENDING = 10.0
"""Seconds for processes to be gone; the guard needs 4 for those that do not listen."""
ENOUGH = 10.0
"""Seconds of life after which the death of a worker is no longer one of a series."""


class RevisionBrokenError(Exception):
    """The revision cannot serve; `log` has the end of what it wrote."""

    def __init__(self, reason: str, log: str) -> None:
        super().__init__(reason)
        self.log = log


class OverloadedError(Exception):
    """There are as many requests as the revision may have."""


class Pool:
    """Gives requests to workers and keeps as many of those as are wanted."""

    def __init__(self, spec: RevisionSpec, secrets: Mapping[str, str]) -> None:
        self.spec = spec
        self.secrets = secrets
        self.restarts = 0
        self.description = UNKNOWN
        self._wanted = spec.workers
        self._limit = spec.max_concurrency
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.cycle(range(1, 1 << 32))
        self._queue: deque[Ticket] = deque()
        self._workers: list[Worker] = []
        self._ready: list[Worker] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._typical = AHEAD
        self._depth = 1
        self._deaths = 0
        self._last_ready = time.monotonic()
        self._in_flight = 0
        self._is_started = False
        self._is_ending = False
        self._log = LogMark(spec.log)
        self._failed: str | None = None
        self._changed = asyncio.Event()
        self._tick = min(TICK, spec.scoring_timeout / 10)

    # What the server does with a pool.

    async def start(self) -> None:
        """Start the workers; raises RevisionBrokenError unless all get ready in time."""
        self._loop.call_later(self._tick, self._look_at_clock)
        self._fill()
        await self._settle()
        self._is_started = True

    async def scale(self, workers: int) -> None:
        """Have that many workers; raises RevisionBrokenError where more do not start."""
        before, self._wanted = self._wanted, workers
        self._failed, self._log, self._is_started = None, LogMark(self.spec.log), False
        for worker in self._staying()[workers:]:
            self._dismiss(worker)
        self._fill()
        try:
            await self._settle()
        except RevisionBrokenError:
            self._wanted = min(before, workers)
            raise
        finally:
            self._is_started = True
            self._fill()

    async def drain(self) -> None:
        """Finish what was taken, then end the workers; each request's own limit bounds it."""
        while self._in_flight:
            await self._wait_for_change(1.0)
        await self.end()

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

    @property
    def is_ready(self) -> bool:
        """Whether a worker could take a request now."""
        return bool(self._ready)

    @property
    def scaled_spec(self) -> RevisionSpec:
        """The specification with as many workers as are wanted now."""
        return dataclasses.replace(self.spec, workers=self._wanted)

    @property
    def in_flight(self) -> int:
        """Requests that run or wait."""
        return self._in_flight

    def status(self) -> RevisionStatus:
        """How the pool is doing."""
        return RevisionStatus(
            revision=self.spec.revision,
            digest=self.spec.digest,
            workers_wanted=self._wanted,
            workers_ready=len(self._ready),
            restarts=self.restarts,
            in_flight=self._in_flight,
        )

    # What workers tell.

    def worker_ready(self, worker: Worker) -> None:
        """Let it have what waits."""
        self.description = worker.description
        if not worker.is_leaving:
            self._ready.append(worker)
        self._feed(worker)
        self._changed.set()

    def worker_failed(self, reason: str) -> None:
        """Remember why the first one failed."""
        self._failed = self._failed or reason

    def worker_answered(self, worker: Worker, microseconds: int) -> None:
        """Let the worker have more; learn how much it may be sent ahead."""
        self._in_flight -= 1
        self._typical += (microseconds + 10 - self._typical) * 0.1
        deepest = DEEPEST_ALONE if len(self._ready) < 2 else DEEPEST_SHARED  # noqa: PLR2004
        self._depth = max(1, min(deepest, int(AHEAD / self._typical)))
        if self._queue:
            self._feed(worker)
        elif self._in_flight == 0:
            self._changed.set()

    def worker_lost(self, worker: Worker) -> None:
        """Fail the request that it was at, let others have the rest, and put one in its place."""
        self._forget(worker, 502, "The scoring process ended before it answered.")
        if self._is_ending or worker.is_leaving:
            return
        if not self._is_started:
            worker.ended.add_done_callback(lambda _: self._ended_early(worker))
            return
        self.restarts += 1
        is_early = time.monotonic() - worker.started < ENOUGH
        self._deaths = self._deaths + 1 if is_early and not worker.is_stuck else 0
        delay = min(0.1 * 2**self._deaths, LONGEST_BACKOFF) if self._deaths else 0.0
        self._loop.call_later(delay, self._fill)

    # The rest is inside.

    def _ended_early(self, worker: Worker) -> None:
        how = f"the worker's process ended before it was ready: {worker.how_it_ended()}"
        self._failed = self._failed or how
        self._changed.set()

    def _staying(self) -> list[Worker]:
        return [worker for worker in self._workers if not worker.is_leaving]

    def _fill(self) -> None:
        while not self._is_ending and len(self._staying()) < self._wanted:
            worker = Worker(self.spec, self.secrets, self)
            self._workers.append(worker)
            task = self._loop.create_task(self._start(worker))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _start(self, worker: Worker) -> None:
        try:
            await worker.start()
        except OSError as failure:
            self._failed = f"a worker cannot be started: {failure}"
            worker.close()
            self.worker_lost(worker)

    async def _settle(self) -> None:
        """Wait until as many are ready as are wanted; raises RevisionBrokenError."""
        deadline = time.monotonic() + self.spec.startup_timeout
        while sum(not worker.is_leaving for worker in self._ready) < self._wanted:
            if time.monotonic() > deadline:
                self._took_too_long()
            if self._failed is not None or self._is_ending:
                for worker in self._staying():
                    worker.write_down()
                    if not worker.is_ready:
                        worker.is_leaving = True
                        worker.kill()
                raise RevisionBrokenError(self._failed or "it was ended", self._log.tail())
            await self._wait_for_change(min(0.5, self.spec.startup_timeout / 10))

    def _took_too_long(self) -> None:
        reason = f"init() was not done within {self.spec.startup_timeout:g} s"
        self._failed = self._failed or reason

    async def _wait_for_change(self, seconds: float) -> None:
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except asyncio.TimeoutError:
            return

    def _dismiss(self, worker: Worker) -> None:
        if worker in self._ready:
            self._ready.remove(worker)
            worker.leave()
        else:
            worker.is_leaving = True
            worker.kill()

    def _free_worker(self, now: float) -> Worker | None:
        ready = self._ready
        if not ready:
            return None
        worker = ready[0] if len(ready) == 1 else min(ready, key=_load_of)
        if worker.pending and now - worker.head_since > SLOW:
            return None
        return worker if len(worker.pending) < self._depth else None

    def _feed(self, worker: Worker) -> None:
        while self._queue and not worker.is_leaving and len(worker.pending) < self._depth:
            worker.send(self._queue.popleft())

    def _forget(self, worker: Worker, status: int, message: str) -> None:
        """Take a worker out; the request it was at is failed, those behind it wait first."""
        if worker in self._ready:
            self._ready.remove(worker)
        if worker in self._workers:
            self._workers.remove(worker)
            task = self._loop.create_task(_until(worker.ended))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if worker.pending:
            self._fail(worker.pending.popleft(), status, message)
            self._send_elsewhere(worker)

    def _send_elsewhere(self, worker: Worker) -> None:
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

    def _end_stuck(self, worker: Worker) -> None:
        milliseconds = round(self.spec.scoring_timeout * 1000)
        ticket = worker.pending.popleft()
        self._fail(ticket, 500, f"Scoring timeout after {milliseconds} ms", in_run=True)
        if worker in self._ready:
            self._ready.remove(worker)
        worker.is_stuck = True
        worker.kill()
        self._send_elsewhere(worker)


def _load_of(worker: Worker) -> int:
    return len(worker.pending)


async def _until(ended: asyncio.Future[None]) -> None:
    await ended
