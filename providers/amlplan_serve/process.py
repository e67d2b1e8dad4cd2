"""One worker: its process under the guard, and the requests it was sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import time
from typing import TYPE_CHECKING, Any, cast

from amlplan_serve import frames
from amlplan_serve.environment import environment_of
from amlplan_serve.guarded import GuardedWorker
from amlplan_serve.link import Link
from amlplan_serve.output import Output, forms_in, masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.link import Owner
    from amlplan_serve.settings import RevisionSpec

PATIENCE = 2.0
"""Seconds that a worker may take to end after its socket closed; then its group is ended."""
LAST_WORDS = 0.1
"""Seconds after the end of a process in which what it said still arrives."""


class Worker(Link):
    """A process that runs the script; call `start` once."""

    def __init__(self, spec: RevisionSpec, secrets: Mapping[str, str], owner: Owner) -> None:
        super().__init__(owner)
        self._spec = spec
        self._secrets = secrets
        self._process: GuardedWorker | None = None
        self._forms = forms_in(secrets.values())
        self._output: Output | None = None
        self._pidfd = -1
        self._closed_at = 0.0

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
        self._output = output = Output(self._spec.log, self._forms)
        try:
            self._process = GuardedWorker(
                self._spec.interpreter,
                (theirs,),
                environment_of(self._spec),
                output.theirs,
                output.theirs,
            )
        except OSError:
            output.close()
            raise
        output.start()

    def close(self) -> None:
        """End now, gently; may be repeated."""
        if self._transport is not None or self._process is None:
            super().close()

    def kill(self) -> None:
        """End the whole process group at once, even one that is stuck; may be repeated."""
        if self._process is not None:
            self._process.kill()
        super().kill()

    def write_down(self) -> None:
        """Have in the log what the process wrote until now."""
        if self._output is not None:
            self._output.drain()

    def how_it_ended(self) -> str:
        """Tell the exit code or the signal, once it has ended."""
        return self._process.how_it_ended() if self._process is not None else "it never began"

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell the worker what to load."""
        super().connection_made(transport)
        setup = {
            "source": self._spec.source,
            "entry_script": self._spec.entry_script,
            "secrets": dict(self._secrets),
        }
        told = frames.frame(0, frames.SETUP, json.dumps(setup).encode())
        cast("asyncio.WriteTransport", transport).write(told)

    def connection_lost(self, failure: Exception | None) -> None:
        """Pass on what was not answered, and see to it that the process ends."""
        self._closed_at = time.monotonic()
        self.write_down()
        super().connection_lost(failure)
        self._reap()

    def _greeted(self, about: dict[str, Any]) -> None:
        pid = int(about["pid"])
        if self._process is not None:
            self._process.pid = pid
        self._watch(pid)

    def _failed(self, reason: str) -> None:
        self.write_down()
        super()._failed(masked(reason, self._forms))

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
        if self._process is None or self._process.has_ended():
            self._end_of_process()
            return
        if time.monotonic() - self._closed_at > PATIENCE:
            self._process.let_go()
        asyncio.get_running_loop().call_later(0.02, self._reap)

    def _end_of_process(self) -> None:
        if self._process is not None:
            self._process.let_go()
        self._look_away()
        if self._output is not None:
            self._output.close()
        if not self.ended.done():
            self.ended.set_result(None)
