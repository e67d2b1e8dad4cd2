"""The worker of a replica: told what to load, watched, and handed from one front to the next."""

from __future__ import annotations

import array
import contextlib
import enum
import json
import os
import select
import socket
import time
from typing import TYPE_CHECKING, Any

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
GOING_OVER = 10.0
"""Seconds for a worker to take another connection; it may be at a request of the front before."""
BROKEN = select.POLLHUP | select.POLLERR | select.POLLNVAL


class End(enum.Enum):
    """How it came that a worker serves no front any more."""

    FAILED = "init() failed"
    DIED = "it died"
    DROPPED = "the front is gone, or let it go"
    ASKED = "this replica was asked to end"


class ReplicaWorker:
    """A worker process, which begins on a connection to the front; raises OSError.

    Call `watch` for the first connection and for each that it went over to, and `end` at last.
    """

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
        self._pidfd = -1
        self._described: dict[str, Any] | None = None
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

    @property
    def is_ready(self) -> bool:
        """Whether its `init` was done."""
        return self._described is not None

    def watch(
        self, link: FrontLink, signals: Signals, leave: Callable[[], None], drain: float
    ) -> End:
        """Wait until it serves this front no more; blocks.

        `leave` tells the front to send no more; it then has so many seconds for what was sent.
        """
        poll = select.poll()
        poll.register(signals.fileno(), select.POLLIN)
        poll.register(self._starter, select.POLLIN)
        poll.register(link.socket, 0)  # what comes is the worker's, but not the end of it
        if self._pidfd >= 0:
            poll.register(self._pidfd, select.POLLIN)
        deadline = float("inf")
        while True:
            ready = dict(poll.poll(LOOK * 1000))
            signals.take()
            if self._starter.fileno() in ready and not self._is_told(poll, link):
                return End.FAILED
            if self.is_ready and (self._pidfd in ready or self._process.has_ended()):
                return End.ASKED if signals.asked_to_end else End.DIED
            if ready.get(link.socket.fileno(), 0) & BROKEN:
                return End.ASKED if signals.asked_to_end else End.DROPPED
            if signals.asked_to_end and deadline == float("inf"):
                if not self.is_ready:
                    return End.ASKED
                leave()
                deadline = time.monotonic() + drain
            if time.monotonic() > deadline:
                return End.ASKED

    def goes_over(self, link: FrontLink) -> bool:
        """Hand it another connection; whether it took that in time, and the front knows of it."""
        if self._described is None or self._process.has_ended():
            return False
        rights = array.array("i", [link.socket.fileno()]).tobytes()
        try:
            self._starter.sendmsg([b"+"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            self._starter.settimeout(GOING_OVER)
            read_frame(self._starter)
            self._starter.settimeout(None)
            link.send(frames.READY, self._described)
        except OSError:  # it is stuck, or its end came first
            return False
        return True

    def end(self) -> None:
        """See that nothing is left of it; may be repeated."""
        self._process.kill()
        self._process.wait(ENDING)
        for output in self._outputs:
            output.finish()
        self._starter.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def _is_told(self, poll: select.poll, link: FrontLink) -> bool:
        """Take what the worker says of itself; whether it may be served by."""
        try:
            kind, about = read_frame(self._starter)
        except OSError:
            poll.unregister(self._starter)
            return self.is_ready or self._ended_early(link)
        if kind == frames.HELLO:
            self._load(int(about["pid"]), poll)
            return True
        if kind == frames.READY:
            self._described = about
        with contextlib.suppress(OSError):  # the end of the link is seen by the poll
            link.send(kind, about)
        return self.is_ready

    def _load(self, pid: int, poll: select.poll) -> None:
        """Have it load the script."""
        self._process.pid = pid
        self._pidfd = _watched_pid(pid)
        if self._pidfd >= 0:
            poll.register(self._pidfd, select.POLLIN)
        told = json.dumps(self._setup).encode()
        self._starter.sendall(frames.frame(0, frames.SETUP, told))

    def _ended_early(self, link: FrontLink) -> bool:
        self._process.wait(ENDING)
        how = f"the worker's process ended before it was ready: {self._process.how_it_ended()}"
        os.write(2, f"{how}\n".encode())
        with contextlib.suppress(OSError):
            link.send(frames.FAILED, {"reason": how})
        return False


def _watched_pid(pid: int) -> int:
    """What is readable once a process ended; -1 where neither Python nor the kernel has that."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return -1
