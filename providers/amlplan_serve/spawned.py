"""A pool whose workers are processes that it starts itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from amlplan_serve.logs import LogMark
from amlplan_serve.process import Worker
from amlplan_serve.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.link import Link
    from amlplan_serve.settings import RevisionSpec

LONGEST_BACKOFF = 30.0
ENOUGH = 10.0
"""Seconds of life after which the death of a worker is no longer one of a series."""


class SpawnedPool(WorkerPool):
    """Keeps as many worker processes as are wanted."""

    def __init__(self, spec: RevisionSpec, secrets: Mapping[str, str]) -> None:
        super().__init__(spec, secrets)
        self._deaths = 0
        self._log = LogMark(spec.log)

    async def scale(self, workers: int, _: Mapping[str, str] | None = None) -> None:
        """Have that many workers; raises RevisionBrokenError where more do not get ready."""
        self._log = LogMark(self.spec.log)
        await super().scale(workers)

    def _have_as_many(self) -> None:
        for worker in self._staying()[self._wanted :]:
            self._dismiss(worker)
        while not self._is_ending and len(self._staying()) < self._wanted:
            worker = Worker(self.spec, self.secrets, self)
            self._workers.append(worker)
            task = self._loop.create_task(self._start(worker))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _dismiss(self, worker: Link) -> None:
        if worker in self._ready:
            self._ready.remove(worker)
            worker.leave()
        else:
            worker.is_leaving = True
            worker.kill()

    def _replace(self, worker: Link) -> None:
        if not self._is_started:
            worker.ended.add_done_callback(lambda _: self._ended_early(cast("Worker", worker)))
            return
        self.restarts += 1
        is_early = time.monotonic() - worker.started < ENOUGH
        self._deaths = self._deaths + 1 if is_early and not worker.is_stuck else 0
        delay = min(0.1 * 2**self._deaths, LONGEST_BACKOFF) if self._deaths else 0.0
        self._loop.call_later(delay, self._have_as_many)

    def _log_tail(self) -> str:
        for worker in self._workers:
            cast("Worker", worker).write_down()
        return self._log.tail()

    def _ended_early(self, worker: Worker) -> None:
        how = f"the worker's process ended before it was ready: {worker.how_it_ended()}"
        self.worker_failed(how)

    async def _start(self, worker: Worker) -> None:
        try:
            await worker.start()
        except OSError as failure:
            self._failed = f"a worker cannot be started: {failure}"
            worker.close()
            self.worker_lost(worker)
