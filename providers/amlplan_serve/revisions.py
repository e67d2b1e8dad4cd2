"""The revisions of a server: the active one, a candidate beside it, old ones that drain."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan_serve.pool import Pool
    from amlplan_serve.settings import RevisionSpec

    Remember = Callable[[Optional[RevisionSpec], Optional[RevisionSpec]], None]
    MakePool = Callable[[RevisionSpec, Mapping[str, str]], Pool]


class UnknownRevisionError(Exception):
    """There is no such revision here; the text says which there are."""


class Revisions:
    """Decides which pool takes new requests; its methods run in the server's loop.

    `retired` is told the restarts of a revision that is active no longer. `remember` is told which
    revision is about to be active or paused, as it is scaled; where it raises, nothing changes.
    """

    def __init__(
        self,
        make_pool: MakePool,
        retired: Callable[[int], None],
        remember: Remember = lambda *_: None,
    ) -> None:
        self.active: Pool | None = None
        self.candidate: Pool | None = None
        self.draining: dict[Pool, asyncio.Task[None]] = {}
        self._loading: Pool | None = None
        self.paused: RevisionSpec | None = None
        self._secrets_of_paused: Mapping[str, str] = {}
        self._make_pool = make_pool
        self._retired = retired
        self._remember = remember
        self._lock = asyncio.Lock()

    async def load(self, spec: RevisionSpec, secrets: Mapping[str, str]) -> None:
        """Start a candidate; an earlier one ends, also one that is still starting.

        Raises RevisionBrokenError, changing nothing.
        """
        await self._end_loading()
        async with self._lock:
            await self._discard()
            self.candidate = await self._started(spec, secrets)

    async def activate(self, revision: str) -> None:
        """Let the candidate have what comes from now on; the one before it drains.

        May be repeated; raises UnknownRevisionError where the candidate is another.
        """
        async with self._lock:
            candidate = self.candidate
            if candidate is None or candidate.spec.revision != revision:
                if self.active is not None and self.active.spec.revision == revision:
                    return
                raise self._unknown(revision)
            self._remember(candidate.scaled_spec, None)
            before, self.active, self.candidate = self.active, candidate, None
            self.paused = None
            if before is not None:
                self._retire(before)

    async def pause(self) -> None:
        """End the workers of the active revision once they have done what they have.

        Requests are refused until a revision is activated, or this one resumed. Blocks; may be
        repeated.
        """
        async with self._lock:
            if self.active is not None:
                before = self.active
                self._remember(None, before.scaled_spec)
                self.active = None
                self.paused, self._secrets_of_paused = before.scaled_spec, before.secrets
                await self._retire(before)

    async def resume(self) -> None:
        """Start what was paused and have it serve, unless a revision serves already.

        Raises RevisionBrokenError, and UnknownRevisionError where nothing was paused.
        """
        async with self._lock:
            if self.active is not None:
                return
            if self.paused is None:
                raise UnknownRevisionError("No revision is paused.")
            started = await self._started(self.paused, self._secrets_of_paused)
            try:
                self._remember(started.scaled_spec, None)
            except OSError:
                await started.end()
                raise
            self.active, self.paused = started, None

    async def restore(self, active: RevisionSpec | None, paused: RevisionSpec | None) -> None:
        """Have what an earlier server had, without waiting for its workers."""
        async with self._lock:
            self.paused = paused
            if active is not None:
                self.active = self._make_pool(active, {})
                await self.active.begin()

    async def discard(self, revision: str) -> None:
        """End the candidate, also while it starts; one that is not there is no failure."""
        if self.coming is None or self.coming.spec.revision != revision:
            return
        await self._end_loading()
        async with self._lock:
            if self.candidate is not None and self.candidate.spec.revision == revision:
                await self._discard()

    async def scale(self, workers: int, upstreams: Mapping[str, str] | None = None) -> None:
        """Change how many workers the active revision has; raises RevisionBrokenError."""
        if workers < 1:
            raise ValueError("a revision needs a worker")
        async with self._lock:
            if self.active is None:
                raise UnknownRevisionError("No revision is active.")
            try:
                await self.active.scale(workers, upstreams)
            finally:
                self._remember(self.active.scaled_spec, None)

    def find(self, revision: str) -> Pool:
        """The candidate or the active revision; raises UnknownRevisionError."""
        for pool in (self.candidate, self.active):
            if pool is not None and pool.spec.revision == revision:
                return pool
        raise self._unknown(revision)

    async def end(self) -> None:
        """End every worker that is this server's; returns when their processes are gone."""
        pools = [self.active, self.candidate, self._loading, *self.draining]
        await asyncio.gather(*(pool.detach() for pool in pools if pool is not None))

    @property
    def coming(self) -> Pool | None:
        """The candidate, ready or not."""
        return self.candidate or self._loading

    async def _started(self, spec: RevisionSpec, secrets: Mapping[str, str]) -> Pool:
        self._loading = pool = self._make_pool(spec, secrets)
        try:
            await pool.start()
        except BaseException:
            await pool.end()
            raise
        finally:
            self._loading = None
        return pool

    def _retire(self, pool: Pool) -> asyncio.Task[None]:
        """Have a pool that was active finish what it has; the task is done when it is gone."""
        self._retired(pool.restarts)
        task = asyncio.get_running_loop().create_task(self._drain(pool))
        self.draining[pool] = task
        return task

    async def _end_loading(self) -> None:
        if self._loading is not None:
            await self._loading.end()

    async def _discard(self) -> None:
        if self.candidate is not None:
            gone, self.candidate = self.candidate, None
            await gone.end()

    async def _drain(self, pool: Pool) -> None:
        await pool.drain()
        del self.draining[pool]

    def _unknown(self, revision: str) -> UnknownRevisionError:
        there = [pool.spec.revision for pool in (self.active, self.candidate) if pool is not None]
        return UnknownRevisionError(
            f"Revision {revision} is not loaded; there is {', '.join(there) or 'none'}."
        )
