"""Files that are whole or not there: written aside, synced, then put in their place."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import time
from typing import TYPE_CHECKING

from amlplan.aside import drop_left_behind, make_file
from amlplan.errors import ProviderError, QuotaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from amlplan_schemas.base import JsonValue

FOLDER_MODE = 0o755
FILE_MODE = 0o644
WAITING = 0.1
"""Seconds between two looks at a lock."""
_ASIDE = ".tmp"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def failure_at(path: Path, doing: str, failure: OSError) -> ProviderError:
    """Explain a failure of the file system: what was being done to which path, and what helps."""
    why = failure.strerror or str(failure)
    if failure.errno in _FULL:
        return QuotaError(
            "No space left",
            f"{path} could not be {doing}: {why}. Free some space there, then apply again; what "
            "is done already is kept.",
        )
    if failure.errno in _FORBIDDEN:
        return ProviderError(
            "Not allowed to use a file",
            f"{path} could not be {doing}: {why}. Give this user the right to it, then try again.",
        )
    return ProviderError(
        "A file cannot be used",
        f"{path} could not be {doing}: {why}. See what is wrong with it, then try again.",
    )


def special_file(path: Path) -> ProviderError:
    """The error for what stands where a file should be and has no content."""
    return ProviderError(
        "Not a file",
        f"{path} is a pipe, a socket or a device and has no content to keep. Remove it.",
    )


def make_folder(path: Path) -> None:
    """Make a folder and those above it that are missing; the umask has no say in its mode."""
    missing: list[Path] = []
    step = path
    while not step.exists() and step != step.parent:
        missing.append(step)
        step = step.parent
    try:
        for folder in reversed(missing):
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                folder.chmod(FOLDER_MODE)
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "a file stands in its place")
    except OSError as failure:
        raise failure_at(path, "made", failure) from failure


def sync(descriptor: int) -> None:
    """Make what was written survive a power loss."""
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync stops at the drive's own cache
    if full is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, full)
            return
    os.fsync(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power loss."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def encode(document: JsonValue) -> bytes:
    """A document as the bytes of its file."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def write_file(path: Path, data: bytes, mode: int = FILE_MODE) -> None:
    """Put a file in its place, over what is there."""
    try:
        with _aside(path, data, mode) as temporary:
            temporary.replace(path)
        sync_folder(path.parent)
    except OSError as failure:
        raise failure_at(path, "written", failure) from failure


def write_new(path: Path, data: bytes) -> bool:
    """Put a file in its place where there is none; whether this call, of all callers, did it."""
    try:
        with _aside(path, data) as temporary:
            try:
                path.hardlink_to(temporary)
            except FileExistsError:
                return False
        sync_folder(path.parent)
    except OSError as failure:
        raise failure_at(path, "written", failure) from failure
    return True


@contextlib.contextmanager
def _aside(path: Path, data: bytes, mode: int = FILE_MODE) -> Iterator[Path]:
    drop_left_behind(path.parent, f".{path.name}.", _ASIDE)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_ASIDE}")
    try:
        with os.fdopen(make_file(temporary), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            sync(file.fileno())
            yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a kernel lock on a file that is made where it is missing; blocks until it is free.

    `waiting` is called now and then meanwhile, and may raise.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except OSError as failure:
        raise failure_at(path, "locked", failure) from failure
    try:
        while waiting is not None and not _is_locked_now(descriptor):
            waiting()
            time.sleep(WAITING)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_locked_now(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
