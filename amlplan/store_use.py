"""Who uses a content store: many who add to it at once, or one who clears it.

Clearing removes content that nothing refers to. What is added has no reference yet, so two things
protect it: nobody clears while somebody adds, and what was added or asked for within the last hour
(`RECENT`) is left alone, in which its reference becomes durable.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan.files import FILE_MODE, failure_at, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECENT = 3600.0
"""Seconds for which content stays that was added, or would have been added again."""
_ANEW = 600.0
"""Seconds after which content is marked as asked for anew; the mark makes it be read once more."""
_LOCK = "use.lock"
_POLL = 0.05


@contextmanager
def in_use(store: Path) -> Iterator[None]:
    """Add to a store: nobody clears it meanwhile. Waits for who does; raises ProviderError."""
    descriptor = _opened(store)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone_with(store: Path, timeout: float = 60.0) -> Iterator[None]:
    """Clear a store: nobody adds to it meanwhile. Raises ProviderError where somebody goes on."""
    descriptor = _opened(store)
    deadline = time.monotonic() + timeout
    try:
        while not _taken(descriptor):
            if time.monotonic() >= deadline:
                raise ProviderError(
                    "The store is in use",
                    f"Somebody has been adding to {store} for more than {timeout:g} s, as a run "
                    "that is being started or an apply does. Try again when that is done.",
                )
            time.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)


def asked_for(path: Path) -> None:
    """Mark content that is stored already and is about to be referred to; use inside `in_use`.

    Content of another user cannot be marked and keeps its age.
    """
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _ANEW:
            os.utime(path)


def _opened(store: Path) -> int:
    make_folder(store)
    path = store / _LOCK
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except OSError as failure:
        raise failure_at(path, "locked", failure) from failure


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
