"""The file operations that every write of the state goes through, to survive power loss."""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Disk:
    """The file operations a state is written with; each raises OSError and hides nothing.

    Only `sync` and `sync_folder` make anything durable: bytes written need the former, names that
    came, went or changed need the latter.
    """

    def create(self, path: Path) -> int:
        """Make a new file for writing; its descriptor. Fails where the name is taken."""
        return os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )

    def open_to_append(self, path: Path) -> int:
        """Open an existing file so that whatever is written lands at its end."""
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of the data; after an OSError any beginning of it may be in the file."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def truncate(self, descriptor: int, length: int) -> None:
        """Cut a file off at a length."""
        os.ftruncate(descriptor, length)

    def sync(self, descriptor: int) -> None:
        """Return when the bytes of a file and its length are on the medium."""
        if sys.platform == "darwin":
            try:  # there fsync leaves the bytes in the drive's own cache
                fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            except OSError as failure:
                if failure.errno not in (errno.ENOTSUP, errno.EINVAL):
                    raise
                os.fsync(descriptor)
        else:
            os.fdatasync(descriptor)

    def close(self, descriptor: int) -> None:
        """Give a descriptor back."""
        os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Give a file another name, taking the place of what had it."""
        source.replace(target)

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name."""
        target.hardlink_to(source)

    def unlink(self, path: Path) -> None:
        """Remove a name; a name that is not there is no error."""
        path.unlink(missing_ok=True)

    def make_folder(self, path: Path) -> None:
        """Make a folder that only its owner may enter."""
        path.mkdir(mode=0o700)

    def sync_folder(self, path: Path) -> None:
        """Return when the names in a folder are on the medium."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as failure:
            if failure.errno != errno.EINVAL:  # some file systems keep names in order by themselves
                raise
        finally:
            os.close(descriptor)


def write_new(disk: Disk, path: Path, data: bytes) -> None:
    """Make a file with these bytes, durable but for its name; on OSError it is removed again."""
    disk.unlink(path)
    descriptor = disk.create(path)
    try:
        try:
            disk.write(descriptor, data)
            disk.sync(descriptor)
        finally:
            disk.close(descriptor)
    except OSError:
        disk.unlink(path)
        raise
