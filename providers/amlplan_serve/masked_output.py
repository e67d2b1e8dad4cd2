"""What a worker writes, passed on to this process's own output with the secrets masked."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

from amlplan.masking import StreamMask

if TYPE_CHECKING:
    from collections.abc import Iterable

READ_SIZE = 64 * 1024
LAST_WORDS = 2.0
"""Seconds to wait for the rest, once a worker is gone; somebody else may hold the pipe."""


class MaskedOutput:
    """A pipe in place of a descriptor, where there is something to mask; else just that."""

    def __init__(self, target: int, forms: Iterable[str]) -> None:
        forms = tuple(forms)
        self._target = target
        self._mask = StreamMask(forms)
        self._thread: threading.Thread | None = None
        self._theirs = -1
        if forms:
            self._ours, self._theirs = os.pipe()
            self._thread = threading.Thread(target=self._pass_on, daemon=True)

    @property
    def theirs(self) -> int:
        """What the worker writes to."""
        return self._theirs if self._thread is not None else self._target

    def start(self) -> None:
        """Pass on from now on; the worker has its end."""
        if self._thread is not None:
            os.close(self._theirs)
            self._thread.start()

    def finish(self) -> None:
        """Wait for the rest of what a worker wrote that is gone."""
        if self._thread is not None:
            self._thread.join(LAST_WORDS)

    def _pass_on(self) -> None:
        with os.fdopen(self._ours, "rb", buffering=0) as pipe, contextlib.suppress(OSError):
            while True:
                data = pipe.read(READ_SIZE)
                if not data:
                    break
                self._write(self._mask.take(data))
            self._write(self._mask.finish())

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._target, data) :]
