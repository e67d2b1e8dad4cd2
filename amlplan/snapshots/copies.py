"""Private copies of stored content, which share its blocks where the file system can."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.snapshots.manifest import File

_NO_RANGES = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM})
"""What a file system says that cannot copy within itself."""


def write_copy(blob: Path, path: Path, file: File) -> None:
    """Write the bytes of a blob to a new file; raises AmlplanError where they are not there."""
    try:
        source = os.open(blob, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as failure:
        raise _damaged(path, blob, "is missing") from failure
    except OSError as failure:
        raise failure_at(blob, "read", failure) from failure
    try:
        target = os.open(
            path,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC,
            0o777 if file.executable else 0o666,
        )
        try:
            copied = _copy(source, target)
        finally:
            os.close(target)
    except OSError as failure:
        raise failure_at(path, "written", failure) from failure
    finally:
        os.close(source)
    if copied != file.size:
        raise _damaged(path, blob, f"has {copied} bytes in place of {file.size}")


def _copy(source: int, target: int) -> int:
    """Copy all bytes, within the file system where it can; gives how many they are."""
    copied = 0
    try:
        while count := os.copy_file_range(source, target, 1 << 30):
            copied += count
    except AttributeError:  # macOS
        pass
    except OSError as failure:
        if copied or failure.errno not in _NO_RANGES:
            raise
    while data := os.read(source, 1 << 20):
        copied += len(data)
        view = memoryview(data)
        while view:
            view = view[os.write(target, view) :]
    return copied


def _damaged(path: Path, blob: Path, what: str) -> AmlplanError:
    return AmlplanError(
        "Stored content is damaged",
        f"{path} cannot be written: its content, {blob}, {what}. Restore the workspace's store "
        "from a backup, or run from the source again, which stores what is missing.",
    )
