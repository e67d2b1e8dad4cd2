"""What a worker writes: read from a pipe, masked, and kept in the log of its revision."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

from amlplan.masking import StreamMask, forms_of
from amlplan_serve.logs import private_log

if TYPE_CHECKING:
    from collections.abc import Iterable

READ_SIZE = 64 * 1024
"""Bytes of one read, which is what a pipe holds."""
PAUSE = 0.005
"""Seconds between two reads: a script that prints much must not keep the loop from requests."""
LAST_READS = 4
"""Reads once a worker is gone; somebody else may hold the pipe and write without an end."""


class Output:
    """The pipe that a worker writes to, and the log behind it; made in the server's loop."""

    def __init__(self, path: str, forms: Iterable[str]) -> None:
        """Raise OSError where the log cannot be written."""
        self._log = private_log(path)
        try:
            self._pipe, self.theirs = os.pipe()
        except OSError:
            os.close(self._log)
            raise
        os.set_blocking(self._pipe, False)
        self._mask = StreamMask(forms)
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._is_open = True

    def start(self) -> None:
        """Read from now on; the worker has its end of the pipe."""
        self._let_go_of_theirs()
        self._loop.add_reader(self._pipe, self._readable)

    def drain(self) -> None:
        """Have in the log what was written until now; may be repeated."""
        for _ in range(LAST_READS if self._is_open else 0):
            if not self._read():
                return

    def close(self) -> None:
        """Take the last words and let go, whoever else holds the pipe; may be repeated."""
        if not self._is_open:
            return
        self.drain()
        self._write(self._mask.finish())
        self._is_open = False
        self._let_go_of_theirs()
        self._stop_reading()
        os.close(self._pipe)
        os.close(self._log)

    def _readable(self) -> None:
        self._stop_reading()
        if self._read() != b"":
            self._pause = self._loop.call_later(PAUSE, self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._pipe, self._readable)

    def _stop_reading(self) -> None:
        self._loop.remove_reader(self._pipe)
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _read(self) -> bytes | None:
        """Take a piece; nothing of it where all writers are gone, None where none waits."""
        try:
            data = os.read(self._pipe, READ_SIZE)
        except BlockingIOError:
            return None
        self._write(self._mask.take(data))
        return data

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk must not end what serves
            while data:
                data = data[os.write(self._log, data) :]

    def _let_go_of_theirs(self) -> None:
        if self.theirs >= 0:
            os.close(self.theirs)
            self.theirs = -1


def forms_in(secrets: Iterable[str]) -> frozenset[str]:
    """What is masked of these secrets."""
    return frozenset(form for secret in secrets for form in forms_of(secret))


def masked(text: str, forms: Iterable[str]) -> str:
    """A whole text without these forms."""
    mask = StreamMask(forms)
    return (mask.take(text.encode(errors="replace")) + mask.finish()).decode(errors="replace")
