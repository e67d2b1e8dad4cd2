"""A worker's process under the guard: its whole group can be ended, and ends with its parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.guard import GUARD

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKER = str(Path(__file__).with_name("worker.py"))
BY_SIGNAL = 128
"""Added by the guard to the number of the signal that ended a process."""


class GuardedWorker:
    """`worker.py` under an interpreter, started at once; raises OSError where that is impossible.

    `descriptors` are passed to it by their numbers. `pid` is to be told, once the worker said it:
    the guard is between.
    """

    def __init__(
        self,
        interpreter: str,
        descriptors: tuple[int, ...],
        environment: Mapping[str, str],
        stdout: int | None,
        stderr: int | None,
    ) -> None:
        self.pid: int | None = None
        guarded, self._lifeline = os.pipe()
        guard = [sys.executable, "-I", "-S", GUARD, str(guarded)]
        try:
            self._process = subprocess.Popen(
                [*guard, interpreter, WORKER, *map(str, descriptors)],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env=dict(environment),
                start_new_session=True,
                pass_fds=(guarded, *descriptors),
            )
        except OSError:
            self.let_go()
            raise
        finally:
            os.close(guarded)

    def has_ended(self) -> bool:
        """Whether nothing is left of it."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End the whole group at once; may be repeated."""
        if not self.has_ended() and self.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.let_go()

    def let_go(self) -> None:
        """Have the guard end the group, gently first; may be repeated."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def wait(self, seconds: float) -> None:
        """Wait for its end, no longer than so many seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def how_it_ended(self) -> str:
        """Tell the exit code or the signal, once it has ended."""
        code = self._process.poll()
        if code is None:
            return "it is not known how"
        try:
            return f"signal {code - BY_SIGNAL} ({signal.Signals(code - BY_SIGNAL).name})"
        except ValueError:
            return f"exit code {code}"
