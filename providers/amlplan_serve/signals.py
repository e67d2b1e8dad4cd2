"""Signals as something to poll for, beside sockets."""

from __future__ import annotations

import os
import select
import signal

ENDING = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """Takes note of signals that ask for the end, and of children that ended; made once."""

    def __init__(self) -> None:
        self.asked_to_end = False
        self._ours, wake = os.pipe()
        for end in (self._ours, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *ENDING):
            signal.signal(number, lambda *_: None)

    def fileno(self) -> int:
        """What is readable once there was a signal."""
        return self._ours

    def take(self) -> None:
        """Note what came; does not block."""
        try:
            came = os.read(self._ours, 512)
        except BlockingIOError:
            return
        self.asked_to_end |= bool(set(came) & set(ENDING))

    def wait(self, seconds: float) -> None:
        """Sleep so long, or until a signal."""
        select.select([self._ours], [], [], seconds)
        self.take()
