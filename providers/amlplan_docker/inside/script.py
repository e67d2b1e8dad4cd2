"""The script of a run as a child of the container's first process."""

import os
import select
import signal
import subprocess
import time

from amlplan_docker.inside.frames import MOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

LINGER = 1.0
"""Seconds to go on reading from what left the script's group and holds its streams open."""
FOREVER = float("inf")


class Script:
    """One script in a group of its own, with what it prints on two pipes.

    Raises OSError where it cannot be started.
    """

    def __init__(self, command: "List[str]", environment: "Dict[str, str]", work: str) -> None:
        self._ends: "Dict[int, int]" = {}
        out, writes_out = os.pipe()
        error, writes_error = os.pipe()
        try:
            self._child = subprocess.Popen(
                command,
                env=environment,
                cwd=work,
                stdin=subprocess.DEVNULL,
                stdout=writes_out,
                stderr=writes_error,
                start_new_session=True,
            )
        finally:
            os.close(writes_out)
            os.close(writes_error)
        self.code: "Optional[int]" = None
        self._ended_at = self._kills_at = FOREVER
        self._ends = {out: 0, error: 1}
        # Edges are told in the order in which they came: who was written to first goes first.
        self._order = select.epoll()
        for descriptor in self._ends:
            os.set_blocking(descriptor, False)
            self._order.register(descriptor, select.EPOLLIN | select.EPOLLET)

    @property
    def is_over(self) -> bool:
        """Whether it ended, and nothing that it printed is left to read."""
        if self.code is None:
            return False
        return not self._ends or time.time() - self._ended_at > LINGER

    @property
    def waiting(self) -> int:
        """The descriptor that is readable where there may be something to read."""
        return self._order.fileno()

    def read(self) -> "List[Tuple[int, bytes]]":
        """What it printed since, each with its stream, in the likely order; empty for nothing."""
        found: "List[Tuple[int, bytes]]" = []
        ready = [descriptor for descriptor, _ in self._order.poll(0)]
        for descriptor in ready + [it for it in list(self._ends) if it not in ready]:
            stream = self._ends.get(descriptor)
            data = self._taken(descriptor)
            if data and stream is not None:
                found.append((stream, data))
        return found

    def _taken(self, descriptor: int) -> bytes:
        try:
            data = os.read(descriptor, MOST)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data and descriptor in self._ends:
            del self._ends[descriptor]
            os.close(descriptor)
        return data

    def reap(self) -> None:
        """Take note of children that ended, also those that the script left behind."""
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not child:
                return
            if child == self._child.pid:
                self.code = self._child.returncode = code_of(status)
                self._ended_at = time.time()

    def end(self, grace: float) -> None:
        """Ask it to end, and kill it after a grace."""
        if self.code is None and self._kills_at == FOREVER:
            self._kills_at = time.time() + grace
            self._tell(signal.SIGTERM)

    def kill_if_due(self) -> None:
        """Kill it where its grace is over."""
        if self.code is None and time.time() > self._kills_at:
            self._tell(signal.SIGKILL)

    def _tell(self, number: int) -> None:
        try:
            os.killpg(self._child.pid, number)
        except OSError:
            return


def code_of(status: int) -> int:
    """An exit code, 128 + N for signal N."""
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)
