"""What is under way, told again every few seconds."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

STILL_SECONDS = 10.0


class Underway:
    """The steps that began and did not end; use it as a context, so that its clock ends.

    `tell` gets address, action and whole seconds of each, from a thread of its own.
    """

    def __init__(self, tell: Callable[[str, str, int], None]) -> None:
        self._tell = tell
        self._running: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._tick, name="progress", daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()

    def begun(self, address: str, action: str) -> None:
        """A step begins now."""
        with self._lock:
            self._running[address, action] = time.monotonic()

    def ended(self, address: str, action: str) -> None:
        """A step is over, however it went."""
        with self._lock:
            self._running.pop((address, action), None)

    def of(self, address: str) -> tuple[str, int]:
        """The action that is under way at an address, and its seconds; empty where none is."""
        with self._lock:
            for (name, action), since in self._running.items():
                if name == address:
                    return action, int(time.monotonic() - since)
        return "", 0

    def _tick(self) -> None:
        while not self._over.wait(STILL_SECONDS):
            with self._lock:
                running = list(self._running.items())
            for (address, action), since in running:
                self._tell(address, action, int(time.monotonic() - since))
