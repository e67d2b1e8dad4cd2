"""A snapshot as a zip file: the same bytes for the same snapshot, on every machine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import zipfile
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX
from amlplan.errors import AmlplanError, NotFoundError
from amlplan.files import failure_at, sync
from amlplan.snapshots.manifest import File

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from amlplan.content_store import ContentStore
    from amlplan.snapshots.manifest import Entry, Snapshot

CHUNK = 1024 * 1024
_BEGINNING_OF_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_VERSION = 20


def write_zip(
    snapshot: Snapshot,
    content: ContentStore,
    path: Path,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Write a stored snapshot as a zip file, over what is there; whole, or not at all. Blocks.

    Nothing is compressed: what compression gives differs from one library to the next. Raises
    AmlplanError where content is missing or no longer what its digest says.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for name, entry in snapshot.entries.items():
                    check()
                    _add(archive, name, entry, content)
            file.flush()
            sync(file.fileno())
        part.replace(path)
    except OSError as failure:
        raise failure_at(path, "written", failure) from failure
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _add(archive: zipfile.ZipFile, name: str, entry: Entry, content: ContentStore) -> None:
    if isinstance(entry, File):
        mode = stat.S_IFREG | (0o755 if entry.executable else 0o644)
        info = _info(name, mode, entry.size)
        with archive.open(info, "w", force_zip64=entry.size >= zipfile.ZIP64_LIMIT) as member:
            _copy(content.path(entry.digest), entry, member.write)
    else:
        target = entry.target.encode()
        archive.writestr(_info(name, stat.S_IFLNK | 0o777, len(target)), target)


def _info(name: str, mode: int, size: int) -> zipfile.ZipInfo:
    """A member with nothing in it that a clock, a user or a system decides."""
    info = zipfile.ZipInfo(name, _BEGINNING_OF_TIME)
    info.create_system = _UNIX
    info.create_version = info.extract_version = _VERSION
    info.external_attr = mode << 16
    info.file_size = size
    return info


def _copy(blob: Path, file: File, write: Callable[[bytes], object]) -> None:
    """Pass the bytes of a blob on, and see that they are the ones it is named for."""
    seen = hashlib.sha256()
    try:
        descriptor = os.open(blob, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as failure:
        raise NotFoundError(
            "Stored content is gone",
            f"{blob} is not there. Restore the workspace's store from a backup, or take the "
            "snapshot again.",
        ) from failure
    except OSError as failure:
        raise failure_at(blob, "read", failure) from failure
    with os.fdopen(descriptor, "rb") as source:
        while data := source.read(CHUNK):
            seen.update(data)
            write(data)
    if PREFIX + seen.hexdigest() != file.digest:
        raise AmlplanError(
            "Stored content is damaged",
            f"{blob} no longer has its digest. Restore the workspace's store from a backup, or "
            "take the snapshot again.",
        )
