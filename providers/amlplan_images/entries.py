"""Entries of a layer, and the archive that is made of them: the same bytes on every machine."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.content import changed_since_plan
from amlplan.digests import chunks
from amlplan.errors import ProviderError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

BLOCK = 512
RECORD = 20 * BLOCK
LONGEST_NAME, LONGEST_PATH = 255, 4096
"""In bytes, as Linux takes them."""
_WHITEOUT = ".wh."
_ZEROS = bytes(RECORD)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a layer: its path in the image without a leading slash, and its bytes.

    `content` are the bytes, or where they lie on this machine.
    """

    path: str
    size: int
    content: bytes | Path
    executable: bool = False

    @classmethod
    def of(cls, path: str, content: bytes, *, executable: bool = False) -> File:
        """A file that is made here."""
        return cls(path, len(content), content, executable)


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of a layer, by where it leads."""

    path: str
    target: str


Entry = File | Link


def archive_of_entries(entries: Iterable[Entry]) -> Iterator[bytes | memoryview]:
    """A tar archive of these entries and of the folders that they lie in, piece by piece.

    Sorted by path, owned by root, of one mode and time. A piece is good until the next is asked
    for. Raises ProviderError for a path that no image can have, and for a file that is no longer
    as large as its entry says.
    """
    written = 0
    for path, entry in sorted(_with_folders(entries).items()):
        for piece in _pieces(path, entry):
            written += len(piece)
            yield piece
    yield end_of_archive(written)


def header(path: str, size: int, mode: int = 0o644, kind: bytes = tarfile.REGTYPE) -> bytes:
    """The header of a member of an archive."""
    member = tarfile.TarInfo(path)
    member.size, member.mode, member.type = size, mode, kind
    return member.tobuf(tarfile.PAX_FORMAT)


def padding(size: int) -> bytes:
    """What follows a member's bytes, so that the next one starts on a block."""
    return _ZEROS[: -size % BLOCK]


def end_of_archive(written: int) -> bytes:
    """What ends an archive of so many bytes: two empty blocks, and a whole record."""
    rest = RECORD - (written + 2 * BLOCK) % RECORD
    return _ZEROS[: 2 * BLOCK] + _ZEROS[: rest % RECORD]


def _with_folders(entries: Iterable[Entry]) -> dict[str, Entry | None]:
    """Every member by its path, None for a folder."""
    found: dict[str, Entry | None] = {}
    for entry in entries:
        _check(entry.path)
        if entry.path in found:
            raise _taken_twice(entry.path)
        found[entry.path] = entry
    for path in list(found):
        folder = path
        while "/" in folder:
            folder = folder.rpartition("/")[0]
            if found.setdefault(folder) is not None:
                raise _taken_twice(folder)
    return found


def _pieces(path: str, entry: Entry | None) -> Iterator[bytes | memoryview]:
    if entry is None:
        yield header(f"{path}/", 0, 0o755, tarfile.DIRTYPE)
    elif isinstance(entry, Link):
        member = tarfile.TarInfo(path)
        member.type, member.linkname, member.mode = tarfile.SYMTYPE, entry.target, 0o777
        yield member.tobuf(tarfile.PAX_FORMAT)
    else:
        yield header(path, entry.size, 0o755 if entry.executable else 0o644)
        yield from _bytes_of(entry)
        yield padding(entry.size)


def _bytes_of(file: File) -> Iterator[bytes | memoryview]:
    if isinstance(file.content, bytes):
        yield file.content
        return
    left = file.size
    try:
        for piece in chunks(file.content):
            left -= len(piece)
            if left < 0:
                break
            yield piece
    except OSError as failure:
        raise failure_at(file.content, "read", failure) from failure
    if left:
        raise changed_since_plan(str(file.content))


def _check(path: str) -> None:
    """Refuse what no file of an image can be called, or what would lead out of its folder."""
    parts = path.split("/")
    if not path or any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise ProviderError(
            "A path that no image can have",
            f"{path!r} leads out of its folder, or is none. Rename that file.",
        )
    if any(part.startswith(_WHITEOUT) for part in parts):
        raise ProviderError(
            "A file name that deletes in images",
            f"{path} has a name that starts with {_WHITEOUT}, by which an engine is told to delete "
            "a file. Rename it.",
        )
    try:
        longest = max(len(part.encode()) for part in parts)
    except UnicodeEncodeError as failure:
        shown = path.encode(errors="replace").decode()
        raise ProviderError(
            "A file name is no UTF-8",
            f"{shown} has a name that other machines cannot read. Rename it.",
        ) from failure
    if longest > LONGEST_NAME or len(path.encode()) >= LONGEST_PATH:
        raise ProviderError(
            "A file name is too long",
            f"{path[:80]}… is longer than Linux takes: {LONGEST_NAME} bytes for a name, "
            f"{LONGEST_PATH} for a path. Rename it.",
        )


def _taken_twice(path: str) -> ProviderError:
    return ProviderError(
        "Two files in one place",
        f"Two things would both be /{path} of the image. Rename one of them.",
    )
