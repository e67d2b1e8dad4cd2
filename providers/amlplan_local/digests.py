"""Digests of files and folders, remembered while a file's status says that it is the same."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError, ProviderError
from amlplan_local.files import encode, failure_at, make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CHUNK = 1024 * 1024
RACY = 2.0
"""A file changed this many seconds ago or less may change again within one tick of its clock."""

PREFIX = "sha256:"
Fingerprint = tuple[int, int, int, int]
"""Size, modification time, status change time (both ns) and inode of a file."""


@dataclass(frozen=True, slots=True)
class Content:
    """The files of a source: digest by path with forward slashes, one over all, and their size."""

    digest: str
    files: Mapping[str, str]
    size: int


def fingerprint(status: os.stat_result) -> Fingerprint:
    """What changes when a file's bytes do."""
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@dataclass(slots=True)
class DigestMemory:
    """The digests of the files under one folder, kept from one command to the next.

    A memory that is lost or broken costs time only. Files that changed a moment ago are not
    remembered, since a second change could leave the same status behind.
    """

    cache_folder: Path
    root: Path
    _known: dict[str, object] = field(default_factory=dict)
    _seen: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            known = json.loads(self._file.read_bytes())
            self._known = known if isinstance(known, dict) else {}
        except (OSError, ValueError):
            self._known = {}

    @property
    def _file(self) -> Path:
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()
        return self.cache_folder / "digests" / f"{name}.json"

    def digest(self, path: Path, check: Callable[[], None] = lambda: None) -> tuple[str, int]:
        """A file's SHA-256 in hexadecimal, and its size; `check` is called between chunks.

        Raises OSError, and ProviderError where the file changes while it is read.
        """
        before = path.stat()
        key, now = str(path), fingerprint(before)
        known = self._known.get(key)
        if isinstance(known, list) and known[:4] == [*now] and isinstance(known[-1], str):
            self._seen[key] = known
            return known[-1], before.st_size
        started = time.time()
        digest = hash_file(path, check)
        if started - max(before.st_mtime, before.st_ctime) > RACY:
            self._seen[key] = [*now, digest]
        return digest, before.st_size

    def save(self) -> None:
        """Remember what was looked at; a cache that cannot be written is done without."""
        if self._seen == self._known:
            return
        try:
            make_folder(self._file.parent)
            write_file(self._file, encode(self._seen))
        except ProviderError:
            return


def hash_file(path: Path, check: Callable[[], None] = lambda: None) -> str:
    """A regular file's SHA-256 in hexadecimal; raises OSError, or ProviderError as it changes."""
    digest = hashlib.sha256()
    for chunk in chunks(path, check):
        digest.update(chunk)
    return digest.hexdigest()


def chunks(path: Path, check: Callable[[], None] = lambda: None) -> Iterator[memoryview]:
    """The bytes of a regular file, piece by piece; raises ProviderError where it changes."""
    # Without O_NONBLOCK a pipe in the file's place would block for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise _special(path)
        buffer = bytearray(CHUNK)
        view = memoryview(buffer)
        total = 0
        # One that grows all the time is not read for ever.
        while total <= before.st_size and (count := file.readinto(buffer)):
            check()
            total += count
            yield view[:count]
        after = os.fstat(descriptor)
        if fingerprint(before) != fingerprint(after) or total != after.st_size:
            raise ProviderError(
                "A file changed while it was read",
                f"{path} was written to by somebody meanwhile. Wait until that is done, then try "
                "again.",
            )


def content_of(
    source: Path, cache_folder: Path, check: Callable[[], None] = lambda: None
) -> Content:
    """The content of a file or a folder; modes, times and order have no part in it.

    Links inside a folder are followed while they stay in it. Raises ProviderError for what is
    missing, empty, special, leads outside, or cannot be read.
    """
    memory = DigestMemory(cache_folder, source)
    files: dict[str, str] = {}
    size = 0
    for name, path in sorted(files_of(source)):
        check()
        try:
            digest, length = memory.digest(path, check)
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        files[name] = PREFIX + digest
        size += length
    memory.save()
    return Content(digest_over(files), files, size)


def digest_over(files: Mapping[str, str]) -> str:
    """One digest over the paths and digests of files."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{files[name]}\0".encode())
    return PREFIX + digest.hexdigest()


def files_of(source: Path) -> Iterator[tuple[str, Path]]:
    """Each file of a source with its path in it, in no order; a file is its own only one."""
    try:
        root = source.resolve(strict=True)
        if not root.is_dir():
            if not root.is_file():
                raise _special(source)
            yield _readable_name(source.name, source), source
            return
        found = list(_walk(source, root, "", (root,)))
    except FileNotFoundError as failure:
        raise NotFoundError(
            "A source is missing", f"{source} does not exist. Put it there, or correct the path."
        ) from failure
    except (OSError, RuntimeError) as failure:
        if isinstance(failure, RuntimeError):  # a link that leads to itself, before Python 3.13
            raise _leads_nowhere(source) from failure
        raise failure_at(source, "read", failure) from failure
    if not found:
        raise ProviderError("A source is empty", f"{source} holds no file. Put the content there.")
    yield from found


def _walk(
    folder: Path, root: Path, prefix: str, above: tuple[Path, ...]
) -> Iterator[tuple[str, Path]]:
    with os.scandir(folder) as entries:
        for entry in list(entries):
            path = Path(entry.path)
            name = prefix + _readable_name(entry.name, path)
            if entry.is_symlink():
                target = _target(path, root)
                if target in above:
                    raise ProviderError(
                        "A link leads to a folder it is in",
                        f"{path} would repeat itself without end. Remove the link.",
                    )
            else:
                target = path
            if target.is_dir():
                resolved = target.resolve()
                yield from _walk(path, root, f"{name}/", (*above, resolved))
            elif target.is_file():
                yield name, path
            else:
                raise _special(path)


def _target(link: Path, root: Path) -> Path:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as failure:
        raise _leads_nowhere(link) from failure
    if not target.is_relative_to(root):
        raise ProviderError(
            "A link leads outside",
            f"{link} leads to {target}, outside of {root}. Put a copy in its place.",
        )
    return target


def _leads_nowhere(link: Path) -> ProviderError:
    return ProviderError(
        "A link leads nowhere", f"{link} cannot be followed. Remove it, or put the file in place."
    )


def _special(path: Path) -> ProviderError:
    return ProviderError(
        "Not a file",
        f"{path} is a pipe, a socket or a device and has no content to keep. Remove it.",
    )


def _readable_name(name: str, path: Path) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="replace")
        raise ProviderError(
            "A file name is no UTF-8",
            f"{shown} has a name that other machines cannot read. Rename it.",
        ) from None
    return name
