"""What is written aside before it is put in its place, and the leavings of processes killed then.

Whoever writes aside holds a kernel lock on it, which goes with the process: what nobody holds was
left behind. Clocks and process numbers, which come again, have no say.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def make_file(path: Path) -> int:
    """Make a new file and hold it until its descriptor is closed; raises OSError."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        if _is_held(descriptor, path):
            return descriptor


@contextlib.contextmanager
def made_folder(path: Path) -> Iterator[None]:
    """Make a new folder and hold it meanwhile; raises OSError."""
    while True:
        path.mkdir()
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:  # taken for a leaving before it was held
            continue
        if _is_held(descriptor, path):
            break
    try:
        yield
    finally:
        os.close(descriptor)


def drop_left_behind(folder: Path, prefix: str, suffix: str = "") -> None:
    """Remove what killed processes left in a folder under names like these; raises nothing."""
    with contextlib.suppress(OSError):
        names = [entry.name for entry in os.scandir(folder)]
        for name in names:
            if name.startswith(prefix) and name.endswith(suffix):
                _drop(folder / name)


def _drop(path: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                from shutil import rmtree

                rmtree(path)
            else:
                path.unlink()
        finally:
            os.close(descriptor)


def _is_held(descriptor: int, path: Path) -> bool:
    """Hold what was just made; closes it where it was taken for a leaving before that."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        named = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        named = None
    except BaseException:
        os.close(descriptor)
        raise
    ours = os.fstat(descriptor)
    if named is not None and (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino):
        return True
    os.close(descriptor)
    return False
