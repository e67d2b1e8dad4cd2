"""Reads a state with its journal, without a lock, while somebody may be writing it."""

from __future__ import annotations

import errno
import io
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.backend import Snapshot
from amlplan.collector import collector_paused
from amlplan.errors import StateError
from amlplan_state import complaints
from amlplan_state.earlier import earlier, serial_of
from amlplan_state.faults import claimed_serial, fault_of
from amlplan_state.journal import DamagedLineError, Journal, overlay, parse
from amlplan_state.snapshot import decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_schemas.state import State
    from amlplan_state.paths import StatePaths

_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: the state file alone, its journal, and how long the journal's file is."""

    snapshot: State
    journal: Journal
    journal_size: int

    @property
    def state(self) -> State:
        """The state with its journal laid over it."""
        return overlay(self.snapshot, self.journal.entries)


def read(paths: StatePaths) -> Found | None:
    """The state, or None where none was ever written.

    Raises StateFormatError, and StateError where the disk reports an error.
    """
    doubted: bytes | None = None
    for _ in range(_ATTEMPTS):
        raw = _read_raw(paths)
        if raw is None:
            continue
        text, log = raw
        if text is None:
            return None
        snapshot = decode(text)
        if snapshot is None:
            raise complaints.unreadable_text(paths, text)
        try:
            with collector_paused():
                journal = parse(log, snapshot.serial)
        except DamagedLineError as damage:
            # A tail that a writer cuts off and replaces while it is read looks like damage, once.
            if log == doubted:
                raise complaints.damaged_journal(paths, damage.line) from damage
            doubted = log
            continue
        if journal.newer_base is not None:
            raise complaints.newer_journal(paths, journal.newer_base, snapshot.serial)
        return Found(snapshot, journal, len(log))
    raise StateError(
        "The state cannot be read",
        f"{paths.state} was replaced each of the {_ATTEMPTS} times it was read. Wait until "
        "whoever writes it is done, then try again.",
    )


def snapshots(paths: StatePaths) -> Iterator[Snapshot]:
    """The present snapshot and the earlier ones by themselves, newest first."""
    present = _snapshot(paths.state, 0)
    if present is not None:
        yield present
    for path in earlier(paths):
        found = _snapshot(path, serial_of(path))
        # An interrupted writer has given the present one its name among the earlier ones.
        if found is not None and (present is None or found.serial != present.serial):
            yield found


def _snapshot(path: Path, serial: int) -> Snapshot | None:
    """What one file holds; None where there is none, or it was removed meanwhile."""
    try:
        with _open(path) as file:
            text = file.read()
    except FileNotFoundError:
        return None
    except OSError as failure:
        return Snapshot(str(path), serial, None, f"{path}: {failure.strerror}.")
    state = decode(text)
    if state is None:
        claimed = serial or claimed_serial(text)
        return Snapshot(str(path), claimed, None, fault_of(str(path), text).why)
    if serial and state.serial != serial:
        why = f"{path} is named for serial {serial} and has serial {state.serial}."
        return Snapshot(str(path), serial, None, why)
    return Snapshot(str(path), state.serial, state)


def _read_raw(paths: StatePaths) -> tuple[bytes | None, bytes] | None:
    """The bytes of the state file and of the journal that continues it.

    The state file is None where there never was one; all is None where it was replaced in between.
    """
    try:
        with _open(paths.state) as file:
            text = file.read()
            # While it is open no other file can have its inode: same inode, same content.
            log = _read_journal(paths)
            return (text, log) if _is_still(paths.state, file.fileno()) else None
    except FileNotFoundError:
        return _read_nothing(paths)
    except OSError as failure:
        raise complaints.not_read(paths.state, failure, paths) from failure


def _read_nothing(paths: StatePaths) -> tuple[bytes | None, bytes] | None:
    if not (paths.journal.exists() or paths.history.exists()):
        return None, b""
    if paths.state.exists():  # a writer made all of them just now
        return None
    raise complaints.vanished(paths)


def _read_journal(paths: StatePaths) -> bytes:
    try:
        with _open(paths.journal) as file:
            return file.read()
    except FileNotFoundError:
        return b""
    except OSError as failure:
        raise complaints.not_read(paths.journal, failure, paths) from failure


def _open(path: Path) -> io.FileIO:
    # Without O_NONBLOCK a named pipe in the place of the file would block for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return io.FileIO(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        now = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    read = os.fstat(descriptor)
    return (now.st_dev, now.st_ino) == (read.st_dev, read.st_ino)
