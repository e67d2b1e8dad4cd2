"""The worker of a replica: told what to load, watched, and ended when the front lets it go."""

from __future__ import annotations

import contextlib
import enum
import json
import os
import select
import socket
import time
from typing import TYPE_CHECKING

from amlplan_serve import frames
from amlplan_serve.front_link import read_frame
from amlplan_serve.guarded import GuardedWorker
from amlplan_serve.masked_output import MaskedOutput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from amlplan_serve.front_link import FrontLink
    from amlplan_serve.image import Image
    from amlplan_serve.signals import Signals

LOOK = 1.0
"""Seconds between two looks at the clock."""
ENDING = 10.0
"""Seconds for its processes to be gone."""
BROKEN = select.POLLHUP | select.POLLERR | select.POLLNVAL


class End(enum.Enum):
    """How it came that a worker is no longer there."""

    FAILED = "init() failed"
    DIED = "it died"
    DROPPED = "the front let it go"
    ASKED = "this replica was asked to end"


class ReplicaWorker:
    """A worker that answers on a connection to the front; raises OSError where none starts."""

    def __init__(
        self,
        image: Image,
        environment: Mapping[str, str],
        secrets: Mapping[str, str],
        forms: Iterable[str],
        link: FrontLink,
    ) -> None:
        self._setup = {
            "source": image.source,
            "entry_script": image.entry_script,
            "secrets": dict(secrets),
        }
        self._link = link
        self._pidfd = -1
        self._is_ready = False
        self._outputs = [MaskedOutput(target, forms) for target in (1, 2)]
        self._starter, theirs = socket.socketpair()
        with theirs:
            self._process = GuardedWorker(
                image.interpreter,
                (link.socket.fileno(), theirs.fileno()),
                environment,
                self._outputs[0].theirs,
                self._outputs[1].theirs,
            )
        for output in self._outputs:
            output.start()

    def watch(self, signals: Signals, leave: Callable[[], None], drain: float) -> End:
        """Wait for what ends it, then see that nothing is left of it; blocks.

        `leave` tells the front to send no more; it then has so many seconds for what was sent.
        """
        poll = select.poll()
        poll.register(signals.fileno(), select.POLLIN)
        poll.register(self._starter, select.POLLIN)
        poll.register(self._link.socket, 0)  # what comes is the worker's, but not the end of it
        try:
            return self._watched(poll, signals, leave, drain)
        finally:
            self._end()

    def _watched(
        self, poll: select.poll, signals: Signals, leave: Callable[[], None], drain: float
    ) -> End:
        deadline = float("inf")
        while True:
            ready = dict(poll.poll(LOOK * 1000))
            if ready.get(self._link.socket.fileno(), 0) & BROKEN:
                return End.ASKED if signals.asked_to_end else End.DROPPED
            if self._starter.fileno() in ready and not self._is_told(poll):
                return End.FAILED
            signals.take()
            if self._has_died(ready):
                return End.ASKED if signals.asked_to_end else End.DIED
            if signals.asked_to_end and deadline == float("inf"):
                if not self._is_ready:
                    return End.ASKED
                leave()
                deadline = time.monotonic() + drain
            if time.monotonic() > deadline:
                return End.ASKED

    def _is_told(self, poll: select.poll) -> bool:
        """Take what the worker says of itself; whether it may be served by."""
        try:
            kind, about = read_frame(self._starter)
        except OSError:
            poll.unregister(self._starter)
            return self._is_ready or self._ended_early()
        if kind == frames.HELLO:
            self._process.pid = int(about["pid"])
            self._pidfd = _watched_pid(self._process.pid)
            if self._pidfd >= 0:
                poll.register(self._pidfd, select.POLLIN)
            told = json.dumps(self._setup).encode()
            self._starter.sendall(frames.frame(0, frames.SETUP, told))
            return True
        self._is_ready = kind == frames.READY
        with contextlib.suppress(OSError):  # the end of the link is seen by the poll
            self._link.send(kind, about)
        return self._is_ready

    def _ended_early(self) -> bool:
        self._process.wait(ENDING)
        how = f"the worker's process ended before it was ready: {self._process.how_it_ended()}"
        os.write(2, f"{how}\n".encode())
        with contextlib.suppress(OSError):
            self._link.send(frames.FAILED, {"reason": how})
        return False

    def _has_died(self, ready: Mapping[int, int]) -> bool:
        return self._is_ready and (self._pidfd in ready or self._process.has_ended())

    def _end(self) -> None:
        self._link.close()
        self._process.kill()
        self._process.wait(ENDING)
        for output in self._outputs:
            output.finish()
        self._starter.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)


def _watched_pid(pid: int) -> int:
    """What is readable once a process ended; -1 where neither Python nor the kernel has that."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return -1
