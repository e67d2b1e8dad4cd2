"""A pool: whoever answers the requests of one revision, and how many may be under way."""

from __future__ import annotations

import asyncio
import dataclasses
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan_serve.described import UNKNOWN
from amlplan_serve.settings import RevisionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.frames import Frame
    from amlplan_serve.settings import ReplicaStatus, RevisionSpec


class RevisionBrokenError(Exception):
    """The revision cannot serve; `log` has the end of what it wrote."""

    def __init__(self, reason: str, log: str) -> None:
        super().__init__(reason)
        self.log = log


class OverloadedError(Exception):
    """There are as many requests as the revision may have."""


class Pool(ABC):
    """What every kind of pool is to the server; made and used in its loop."""

    def __init__(self, spec: RevisionSpec, secrets: Mapping[str, str]) -> None:
        self.spec = spec
        self.secrets = secrets
        self.restarts = 0
        self.description = UNKNOWN
        self._wanted = spec.workers
        self._in_flight = 0
        self._is_started = False
        self._is_ending = False
        self._changed = asyncio.Event()

    async def start(self) -> None:
        """Have workers; raises RevisionBrokenError unless all get ready in time."""
        await self.begin()
        self._is_started = False
        await self._settle()
        self._is_started = True

    @abstractmethod
    async def begin(self) -> None:
        """Have workers as soon as they are ready, without waiting for that."""

    @abstractmethod
    async def scale(self, workers: int, upstreams: Mapping[str, str] | None = None) -> None:
        """Have that many workers; raises RevisionBrokenError where more do not get ready.

        `upstreams` are the servers asked from now on, of a pool that asks servers.
        """

    async def drain(self) -> None:
        """Finish what was taken, then end the workers; each request's own limit bounds it."""
        while self._in_flight:
            await self._wait_for_change(1.0)
        await self.end()

    @abstractmethod
    async def end(self) -> None:
        """End the workers and fail what waits; returns when they are gone."""

    async def detach(self) -> None:
        """End, but leave workers that are not this server's alone: another one may have them."""
        await self.end()

    @abstractmethod
    def submit(self, kind: int, payload: bytes) -> asyncio.Future[Frame]:
        """Have a request answered; raises OverloadedError where there are too many."""

    def manifest(self) -> bytes | None:
        """The document that tells what is in the image; None where there is none. Reads a file."""
        if self.spec.manifest is None:
            return None
        try:
            return Path(self.spec.manifest).read_bytes()
        except OSError:
            return None

    @property
    def is_ready(self) -> bool:
        """Whether a worker could take a request now."""
        return self._ready_count() > 0

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
            workers_ready=self._ready_count(),
            restarts=self.restarts,
            in_flight=self._in_flight,
            replicas=self._replicas(),
        )

    @abstractmethod
    def _ready_count(self) -> int:
        """How many workers could take a request now."""

    def _replicas(self) -> tuple[ReplicaStatus, ...]:
        """Each worker that is known by a name."""
        return ()

    @abstractmethod
    async def _settle(self) -> None:
        """Wait until as many are ready as are wanted; raises RevisionBrokenError."""

    async def _wait_for_change(self, seconds: float) -> None:
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except asyncio.TimeoutError:
            return
