"""A script under its guard, and what becomes of it."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from typing import TYPE_CHECKING

from amlplan.guard import end_group
from amlplan_local.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from amlplan_local.run_service import RunService
    from amlplan_local.script_output import ScriptOutput

CANCELED = "canceled"
TOO_LONG = "too long"
UNGUARDED = "unguarded"
"""Its guard was killed, which says nothing about the script itself."""
TICK = 0.1
"""Seconds between two looks at the clock while something is ending."""
LOOK = 0.25
"""Seconds between two looks at what the script recorded."""
WAKES = 512
LINGER = 1.0
"""Seconds to go on reading from what left the script's group and holds its streams open."""
ENDING = 10.0
"""Seconds a guard may take to end a group; it needs 8 at most."""


class GuardedScript:
    """Runs a script in a group of its own, which ends with this object's process."""

    def __init__(self, guard: Sequence[str], command: Sequence[str], work: Path) -> None:
        self._guard, self._command, self._work = guard, command, work
        self._code: int | None = None
        self._why = ""
        self._ends_at = float("inf")
        self._process = self._lifeline = -1
        self._streams = Streams()
        self._group: int | None = None

    def start(self, environment: Mapping[str, str]) -> tuple[int, int | None]:
        """Start it; gives the numbers of its guard and of its group, None where it cannot run.

        Raises OSError, or ValueError for an environment that no process can have.
        """
        ours, theirs_too = socket.socketpair()
        guarded, self._lifeline = theirs_too.detach(), ours.detach()
        out, err = self._streams.writing
        try:
            os.set_inheritable(guarded, True)  # noqa: FBT003 - its only form
            os.chdir(self._work)
            self._process = os.posix_spawn(
                self._guard[0],
                [*self._guard, str(guarded), *self._command],
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, out, 1),
                    (os.POSIX_SPAWN_DUP2, err, 2),
                ],
                setpgroup=0,
            )
        finally:
            os.chdir("/")
            os.close(guarded)
            self._streams.close_writing()
        told = os.read(self._lifeline, 32)
        self._group = int(told) if told else None
        return self._process, self._group

    def follow(
        self,
        output: ScriptOutput,
        wakes: int,
        is_canceled: Callable[[], bool],
        deadline: float,
        service: RunService,
    ) -> tuple[int, str]:
        """Pass on its output until it ended; its exit code, and why it was ended or "".

        `wakes` is readable after each signal. At `deadline`, a time of the monotonic clock, it is
        ended. Who connects to the `service` meanwhile finds it.
        """
        poll = select.poll()
        watched = {wakes, *self._streams.waiting}
        for descriptor in watched:
            poll.register(descriptor, select.POLLIN)
        read_until = float("inf")
        while True:
            if self._code is None and self._has_ended():
                read_until = time.monotonic() + LINGER
            is_over = not self._streams.is_open or time.monotonic() > read_until
            if self._code is not None and is_over:
                break
            if self._code is None:
                too_long = TOO_LONG if time.monotonic() > deadline else ""
                self._end_if_due(CANCELED if is_canceled() else too_long)
            has_more = output.look() or self._streams.has_more
            pause = 0.0 if has_more else self._pause(deadline) * 1000
            service.watch(poll)
            ready = {descriptor for descriptor, _ in poll.poll(pause)}
            service.start_if_asked(ready)
            if wakes in ready:
                os.read(wakes, WAKES)
            if self._streams.has_more or ready & self._streams.waiting:
                self._streams.read(output.take, output.take_error)
                for closed in watched - {wakes} - self._streams.waiting:
                    poll.unregister(closed)
                    watched.discard(closed)
        self._streams.close()
        self._let_go()
        return self._code, self._why

    def _has_ended(self) -> bool:
        done, status = os.waitpid(self._process, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            self._code = code if code >= 0 else 128 - code
            if code < 0:
                self._end_unguarded()
        return bool(done)

    def _end_unguarded(self) -> None:
        """End what the guard left when it was killed itself."""
        self._why = self._why or UNGUARDED
        if self._group is not None:
            end_group(self._group, reaped=True)

    def _end_if_due(self, why: str) -> None:
        now = time.monotonic()
        if not self._why and why:
            self._why = why
            self._let_go()
            self._ends_at = now + ENDING
        if now > self._ends_at:
            os.kill(self._process, signal.SIGKILL)

    def _let_go(self) -> None:
        """Close our end of the lifeline, at which the guard ends the script if that still runs."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def _pause(self, deadline: float) -> float:
        if self._why or self._code is not None:
            return TICK
        return min(max(0.0, deadline - time.monotonic()) + 0.001, LOOK)
