"""The lock of a state: held by the kernel for a process, and gone with that process."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from amlplan.backend import Holder, LockStatus
from amlplan.errors import LockedError, StateError
from amlplan_state.filesystems import current_mounts, network_type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from amlplan_state.paths import StatePaths

_POLL_SECONDS = 0.05
_TELL_AT = 2  # a holder that has only just locked has not yet written who it is
_SHOWN_BYTES = 16 * 1024


class StateLock:
    """A lock that is held: of the lock file, and of the journal in case the former is deleted.

    A process that finds the lock file gone makes a new one that nobody holds; the journal is
    never replaced, so its lock still tells that somebody writes.
    """

    def __init__(self, paths: StatePaths, descriptor: int) -> None:
        self._paths = paths
        self._descriptors = [descriptor]

    def add_journal(self) -> None:
        """Lock the journal too, once there is one; raises LockedError."""
        journal = _locked(self._paths.journal, os.O_RDONLY)
        if journal is None:
            raise _locked_error(self._paths, None)
        self._descriptors.append(journal)

    def show(self, holder: Holder) -> None:
        """Write who holds it, for others to see; where that fails the lock holds all the same."""
        text = json.dumps(asdict(holder)).encode() + b"\n"
        with suppress(OSError):
            os.ftruncate(self._descriptors[0], 0)
            os.pwrite(self._descriptors[0], text, 0)

    def release(self) -> None:
        """Let go of it; may be called twice."""
        if self._descriptors:
            with suppress(OSError):
                os.ftruncate(self._descriptors[0], 0)
        while self._descriptors:
            os.close(self._descriptors.pop())


def acquire(
    paths: StatePaths,
    holder: Holder,
    *,
    timeout: float,
    waiting: Callable[[Holder | None], None],
) -> StateLock:
    """Lock a state, blocking up to `timeout` seconds; `waiting` is called once, if it blocks.

    Raises LockedError, StateError for a network file system, OSError.
    """
    _refuse_network(paths)
    # Whoever looks whether it is held holds it for that moment; see `status`.
    deadline = time.monotonic() + max(timeout, _POLL_SECONDS)
    attempts = 0
    while True:
        lock = _try(paths)
        if lock is not None:
            lock.show(replace(holder, url=holder.url or ci_url(os.environ)))
            return lock
        attempts += 1
        left = deadline - time.monotonic()
        if left <= 0:
            raise _locked_error(paths, read_holder(paths.lock))
        if attempts == _TELL_AT:
            waiting(read_holder(paths.lock))
        time.sleep(min(_POLL_SECONDS, left))


def status(paths: StatePaths) -> LockStatus:
    """Whether anybody holds the lock now; raises OSError. Neither makes nor writes a file."""
    if _is_locked(paths.lock) or _is_locked(paths.journal):
        return LockStatus(is_held=True, holder=read_holder(paths.lock))
    return LockStatus(is_held=False)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def read_holder(path: Path) -> Holder | None:
    """Who wrote into a lock file last, whether they hold it still or not; None if nobody says."""
    try:
        with path.open("rb") as file:
            stored = json.loads(file.read(_SHOWN_BYTES))
        return Holder(
            user=str(stored["user"]),
            host=str(stored["host"]),
            pid=int(stored["pid"]),
            since=str(stored["since"]),
            command=str(stored["command"]),
            url=str(stored["url"]) if stored.get("url") else None,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def ci_url(environment: Mapping[str, str]) -> str | None:
    """The page of the CI job that we run in, or None."""
    server = environment.get("GITHUB_SERVER_URL")
    repository, run = environment.get("GITHUB_REPOSITORY"), environment.get("GITHUB_RUN_ID")
    if server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}"
    return environment.get("CI_JOB_URL") or environment.get("BUILD_URL") or None


def _try(paths: StatePaths) -> StateLock | None:
    descriptor = _locked(paths.lock, os.O_RDWR | os.O_CREAT)
    if descriptor is None:
        return None
    lock = StateLock(paths, descriptor)
    try:
        lock.add_journal()
    except FileNotFoundError:
        return lock
    except LockedError:
        lock.release()
        return None
    except OSError:
        lock.release()
        raise
    return lock


def _locked(path: Path, flags: int) -> int | None:
    """A descriptor of the file that has this name now, locked; None where somebody else has it."""
    while True:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _has_name(descriptor, path):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # deleted or replaced between the opening and the locking


def _has_name(descriptor: int, path: Path) -> bool:
    try:
        named = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)


def _locked_error(paths: StatePaths, holder: Holder | None) -> LockedError:
    if holder is None:
        who = f"Another process, which did not say who it is, holds the lock of {paths.state}"
    else:
        job = f", {holder.url}" if holder.url else ""
        who = (
            f"{holder.user} on {holder.host} holds the lock of {paths.state} since {holder.since} "
            f"with `{holder.command}` (process {holder.pid}{job})"
        )
    return LockedError(
        "The state is locked",
        f"{who}. Two writers would lose what one of them does. Wait until that command has ended, "
        "or end it: the lock goes by itself with its process, so there is nothing to unlock and "
        f"deleting {paths.lock.name} does not help.",
    )


def _refuse_network(paths: StatePaths) -> None:
    kind = network_type_of(paths.folder, current_mounts())
    if kind is not None:
        raise StateError(
            "The state is on a network file system",
            f"{paths.folder} is on {kind}, where the lock of one machine is not sure to keep out "
            'another. Use state "postgresql", made for several machines, or choose a path on a '
            "local disk in the state block.",
        )
