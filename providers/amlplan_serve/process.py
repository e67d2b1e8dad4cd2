"""One worker: its process under the guard, and the requests it was sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from amlplan.guard import GUARD
from amlplan_serve import frames
from amlplan_serve.described import UNKNOWN, description_of
from amlplan_serve.environment import environment_of
from amlplan_serve.output import Output, forms_in, masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.frames import Frame
    from amlplan_serve.settings import RevisionSpec
    from amlplan_serve.tickets import Ticket

WORKER = str(Path(__file__).with_name("worker.py"))
PATIENCE = 2.0
"""Seconds that a worker may take to end after its socket closed; then its group is ended."""
LAST_WORDS = 0.1
"""Seconds after the end of a process in which what it said still arrives."""
BY_SIGNAL = 128
"""Added by the guard to the number of the signal that ended a process."""


class Owner(Protocol):
    """Who is told what becomes of a worker."""

    def worker_ready(self, worker: Worker) -> None:
        """`init` is done."""
        ...

    def worker_failed(self, reason: str) -> None:
        """The script of a worker could not be loaded; the worker ends."""
        ...

    def worker_answered(self, worker: Worker, microseconds: int) -> None:
        """The oldest request of the worker has its answer."""
        ...

    def worker_lost(self, worker: Worker) -> None:
        """Nothing comes from it any more; its requests are for the owner."""
        ...


class Worker(asyncio.Protocol):
    """A process that runs the script; call `start` once."""

    def __init__(self, spec: RevisionSpec, secrets: Mapping[str, str], owner: Owner) -> None:
        self._spec = spec
        self._secrets = secrets
        self._owner = owner
        self._reader = frames.FrameReader()
        self._transport: asyncio.WriteTransport | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._forms = forms_in(secrets.values())
        self._output: Output | None = None
        self._lifeline = -1
        self._pidfd = -1
        self._closed_at = 0.0
        self.pid: int | None = None
        self.started = time.monotonic()
        self.ended = asyncio.get_running_loop().create_future()
        self.pending: deque[Ticket] = deque()
        self.head_since = 0.0
        self.is_ready = False
        self.is_leaving = False
        self.is_stuck = False
        self.description = UNKNOWN

    async def start(self) -> None:
        """Start the process; raises OSError where that is impossible."""
        if self.is_leaving:
            return
        ours, theirs = socket.socketpair()
        try:
            self._spawn(theirs.fileno())
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)  # noqa: FBT003 - its only form
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self, sock=ours)

    def _spawn(self, theirs: int) -> None:
        guarded, self._lifeline = os.pipe()
        guard = [sys.executable, "-I", "-S", GUARD, str(guarded)]
        try:
            self._output = Output(self._spec.log, self._forms)
            self._process = subprocess.Popen(
                [*guard, self._spec.interpreter, WORKER, str(theirs)],
                stdin=subprocess.DEVNULL,
                stdout=self._output.theirs,
                stderr=self._output.theirs,
                env=environment_of(self._spec),
                start_new_session=True,
                pass_fds=(guarded, theirs),
            )
        except OSError:
            self._let_go()
            if self._output is not None:
                self._output.close()
            raise
        finally:
            os.close(guarded)
        self._output.start()

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
        elif self._process is None and not self.ended.done():
            self.ended.set_result(None)

    def kill(self) -> None:
        """End the whole process group at once, even one that is stuck; may be repeated."""
        there = self._process is not None and self._process.poll() is None
        if there and self.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._let_go()
        if self._transport is not None:
            self._transport.abort()  # what is not sent yet would be waited for
        else:
            self.close()

    def write_down(self) -> None:
        """Have in the log what the process wrote until now."""
        if self._output is not None:
            self._output.drain()

    def how_it_ended(self) -> str:
        """Tell the exit code or the signal, once it has ended."""
        code = self._process.poll() if self._process is not None else None
        if code is None:
            return "it is not known how"
        try:
            return f"signal {code - BY_SIGNAL} ({signal.Signals(code - BY_SIGNAL).name})"
        except ValueError:
            return f"exit code {code}"

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell the worker what to load."""
        self._transport = cast("asyncio.WriteTransport", transport)
        setup = {
            "source": self._spec.source,
            "entry_script": self._spec.entry_script,
            "secrets": dict(self._secrets),
        }
        self._transport.write(frames.frame(0, frames.SETUP, json.dumps(setup).encode()))

    def data_received(self, data: bytes) -> None:
        """Take what the worker says; one that makes no sense is ended."""
        try:
            for frame in self._reader.feed(data):
                self._take(frame)
        except (frames.BrokenFrameError, ValueError, KeyError, IndexError, TypeError):
            self.kill()

    def connection_lost(self, _: Exception | None) -> None:
        """Pass on what was not answered, and see to it that the process ends."""
        self._closed_at = time.monotonic()
        self.is_ready = False
        self.write_down()
        self._owner.worker_lost(self)
        self._reap()

    def _take(self, frame: Frame) -> None:
        if frame.kind >= frames.VALUE:
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
        elif frame.kind == frames.HELLO:
            self.pid = int(json.loads(frame.payload)["pid"])
            self._watch(self.pid)
        elif frame.kind == frames.READY:
            self.description = description_of(frame.payload)
            self.is_ready = True
            self._owner.worker_ready(self)
        else:
            self.write_down()
            reason = str(json.loads(frame.payload)["reason"])
            self._owner.worker_failed(masked(reason, self._forms))

    def _watch(self, pid: int) -> None:
        """Be told of the end of the process, where the kernel can.

        The socket does not tell at once: the guard has it too, and waits for what is left of the
        group.
        """
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._pidfd = os.pidfd_open(pid)
                asyncio.get_running_loop().add_reader(self._pidfd, self._died)

    def _died(self) -> None:
        """End what is left of the group, once all that the process said is read."""
        self._look_away()
        asyncio.get_running_loop().call_later(LAST_WORDS, self.kill)

    def _look_away(self) -> None:
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def _reap(self) -> None:
        """Wait for the guard, without blocking; after a while make it end the group."""
        if self._process is None or self._process.poll() is not None:
            self._let_go()
            self._look_away()
            if self._output is not None:
                self._output.close()
            if not self.ended.done():
                self.ended.set_result(None)
            return
        if time.monotonic() - self._closed_at > PATIENCE:
            self._let_go()
        asyncio.get_running_loop().call_later(0.02, self._reap)

    def _let_go(self) -> None:
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
