"""Kernel locks on files, which go by themselves with the process that holds them."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amlplan_state.runs import complaints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLL_SECONDS = 0.01


@contextmanager
def held(path: Path, *, timeout: float, shared: bool = False) -> Iterator[None]:
    """Hold a lock, blocking up to `timeout` seconds; raises HistoryError where it stays taken."""
    deadline = time.monotonic() + timeout
    descriptor = _open(path)
    try:
        while not _take(descriptor, shared=shared):
            if time.monotonic() >= deadline:
                raise complaints.locked(path, timeout)
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def held_if_free(path: Path) -> Iterator[bool]:
    """Hold a lock where nobody else does; gives whether it is held."""
    descriptor = _open(path)
    try:
        yield _take(descriptor, shared=False)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _take(descriptor: int, *, shared: bool) -> bool:
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
