"""A pool of HTTP servers, which answer where a replica has not amlplan's worker."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import TYPE_CHECKING, Any

from amlplan_serve import frames
from amlplan_serve.answers import message
from amlplan_serve.frames import Frame
from amlplan_serve.http_exchange import DeadConnectionError
from amlplan_serve.pool import OverloadedError, Pool, RevisionBrokenError
from amlplan_serve.settings import ReplicaStatus
from amlplan_serve.upstream import Upstream
from amlplan_serve.upstream_swagger import description_of_server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.http_exchange import HttpAnswer
    from amlplan_serve.settings import RevisionSpec

SCORING = "/score"
OUR_HEADERS = frozenset(
    (
        *("date", "server", "x-request-id", "x-ms-request-id", "x-ms-client-request-id"),
        "x-ms-server-version",
    )
)
"""What the front says itself of each answer."""
ATTEMPTS = 2
"""How often a request is asked at most, each time of another server where there is one."""
FAILED_IN_RUN = ("x-ms-run-function-failed", "True")


class HttpPool(Pool):
    """Asks the servers at `upstreams`; the one that has the fewest requests gets the next."""

    def __init__(self, spec: RevisionSpec) -> None:
        super().__init__(spec, {})
        self._target = spec.routes.get("scoring") or SCORING
        self._upstreams: dict[str, Upstream] = {}
        self._describing: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[Frame]] = set()

    async def begin(self) -> None:
        """Ask the servers from now on whether they are ready."""
        self._is_started = True
        self._use(self.spec.upstreams)

    async def scale(self, workers: int, upstreams: Mapping[str, str] | None = None) -> None:
        """Ask these servers; raises RevisionBrokenError where not so many are ready in time."""
        self._wanted = workers
        if upstreams is not None:
            self.spec = dataclasses.replace(self.spec, upstreams=dict(upstreams))
            self._use(upstreams)
        await self._settle()

    async def end(self) -> None:
        """Ask nobody any more, and fail what is under way."""
        self._is_ending = True
        if self._describing is not None:
            self._describing.cancel()
        for upstream in self._upstreams.values():
            upstream.end()
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)
        self._changed.set()

    def submit(self, kind: int, payload: bytes) -> asyncio.Future[Frame]:
        """Have a request answered; raises OverloadedError where there are too many."""
        if self._in_flight >= self.spec.max_concurrency:
            raise OverloadedError
        self._in_flight += 1
        told, body = frames.parted(payload) if kind == frames.REQUEST else (POSTED, payload)
        task = asyncio.get_running_loop().create_task(self._answered(told, body))
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Frame]) -> None:
        self._under_way.discard(task)
        self._in_flight -= 1
        if not self._in_flight:
            self._changed.set()

    async def _answered(self, told: Mapping[str, Any], body: bytes) -> Frame:
        """What the servers say, or that none does in time; is not cancelled but by `end`."""
        try:
            answer = await asyncio.wait_for(self._asked(told, body), self.spec.scoring_timeout)
        except asyncio.TimeoutError:
            if not self.is_ready:
                return _said(503, "No worker is ready.")
            milliseconds = round(self.spec.scoring_timeout * 1000)
            return _said(500, f"Scoring timeout after {milliseconds} ms", FAILED_IN_RUN)
        except asyncio.CancelledError:
            return _said(503, "The revision was ended.")
        except DeadConnectionError:
            return _said(502, "The scoring process ended before it answered.")
        headers = [list(item) for item in answer.headers if item[0] not in OUR_HEADERS]
        return _frame({"status": answer.status, "headers": headers, "timed": False}, answer.body)

    async def _asked(self, told: Mapping[str, Any], body: bytes) -> HttpAnswer:
        query = told["query"]
        target = f"{self._target}?{query}" if query else self._target
        tried: list[str] = []
        while True:
            upstream = await self._chosen(tried)
            tried.append(upstream.name)
            upstream.in_flight += 1
            try:
                return await upstream.ask(told["method"], target, told["headers"], body)
            except (DeadConnectionError, OSError) as failure:
                upstream.doubt()
                began = isinstance(failure, DeadConnectionError) and failure.began
                if began or len(tried) >= ATTEMPTS:
                    raise DeadConnectionError(began=began) from failure
            finally:
                upstream.in_flight -= 1

    async def _chosen(self, tried: list[str]) -> Upstream:
        """The server to ask: one that was not tried, where there is a choice; waits for one."""
        while True:
            ready = [item for item in self._upstreams.values() if item.is_ready]
            fresh = [item for item in ready if item.name not in tried] or ready
            if fresh:
                return min(fresh, key=_load_of)
            await self._wait_for_change(0.5)

    def _use(self, upstreams: Mapping[str, str]) -> None:
        kept = {name: item for name, item in self._upstreams.items() if name in upstreams}
        for name, item in self._upstreams.items():
            if name not in kept or item.address != upstreams[name]:
                kept.pop(name, None)
                item.end()
        for name, address in upstreams.items():
            if name not in kept:
                kept[name] = Upstream(name, address, self.spec.routes, self._noted)
                kept[name].watch()
        self._upstreams = {name: kept[name] for name in upstreams}

    def _noted(self) -> None:
        """Wake who waits for a server; ask the first that is ready how its service is described."""
        self._changed.set()
        ready = next((item for item in self._upstreams.values() if item.is_ready), None)
        route = self.spec.routes.get("swagger")
        if ready is not None and route and self._describing is None:
            work = self._describe(ready, route)
            self._describing = asyncio.get_running_loop().create_task(work)

    async def _describe(self, upstream: Upstream, route: str) -> None:
        self.description = await description_of_server(upstream, route)

    async def _settle(self) -> None:
        """Wait until as many are ready as are wanted; raises RevisionBrokenError."""
        deadline = time.monotonic() + self.spec.startup_timeout
        while self._ready_count() < self._wanted:
            if self._is_ending:
                raise RevisionBrokenError("it was ended", "")
            if time.monotonic() > deadline:
                raise RevisionBrokenError(self._too_long(), "")
            await self._wait_for_change(0.5)

    def _too_long(self) -> str:
        waiting = [
            f"{item.name}: {item.why_not}" for item in self._upstreams.values() if not item.is_ready
        ]
        return (
            f"{self._ready_count()} of {self._wanted} servers were ready within "
            f"{self.spec.startup_timeout:g} s; {'; '.join(waiting)}"
        )

    def _ready_count(self) -> int:
        return sum(item.is_ready for item in self._upstreams.values())

    def _replicas(self) -> tuple[ReplicaStatus, ...]:
        return tuple(
            ReplicaStatus(item.name, item.is_ready, item.restarts, item.in_flight)
            for item in self._upstreams.values()
        )


POSTED: Mapping[str, Any] = {"method": "POST", "query": "", "headers": []}


def _load_of(upstream: Upstream) -> int:
    return upstream.in_flight


def _said(status: int, text: str, *more: tuple[str, str]) -> Frame:
    made = message(status, text)
    headers = [[name.decode(), value.decode()] for name, value in made.headers]
    kept = [item for item in headers if item[0] not in {name for name, _ in more}]
    told = {"status": status, "headers": [*kept, *map(list, more)], "timed": False}
    return _frame(told, made.body)


def _frame(head: dict[str, Any], body: bytes) -> Frame:
    return Frame(0, frames.ANSWER, 0, frames.with_head(head, body))
