"""Signals: the first asks to stop, the second ends the process at once."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from amlplan.errors import EXIT_INTERRUPTED, AmlplanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM end what is done here, a question, by KeyboardInterrupt."""

    def handle(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def stopping_on_signals(
    tell: Callable[[str], None], before_the_end: Callable[[], None] = lambda: None
) -> Iterator[threading.Event]:
    """An event that SIGINT or SIGTERM sets, once; only the main thread may use it.

    `tell` gets what there is to say then. `before_the_end` is called by a second signal, which may
    come before the first was looked at.
    """
    stop = threading.Event()

    def handle(_number: int, _frame: object) -> None:
        if stop.is_set():
            with suppress(AmlplanError):
                before_the_end()
            os._exit(EXIT_INTERRUPTED)
        stop.set()
        # Printing takes a lock that the interrupted code may hold.
        threading.Thread(
            target=tell,
            args=("\nStopping: nothing new is begun. Interrupt again to end at once.",),
            daemon=True,
        ).start()

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
