"""Folders as they are on disk, to be compared with how they were."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def contents(*folders: Path) -> dict[Path, tuple[int, int, bytes]]:
    """Everything in folders: mode, time of the last change and bytes, by path.

    A folder's own time tells of files that came and went meanwhile.
    """
    found = {}
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            about = path.lstat()
            data = path.read_bytes() if stat.S_ISREG(about.st_mode) else b""
            found[path] = (about.st_mode, about.st_mtime_ns, data)
    return found
