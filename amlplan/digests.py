"""Digests of files, remembered while a file's status says that it is the same."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan.files import failure_at, make_folder, special_file, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHUNK = 1024 * 1024
RACY = 2.0
"""A file changed this many seconds ago or less may change again within one tick of its clock."""

PREFIX = "sha256:"
_NAMED = re.compile(rb"sha256:[0-9a-f]{64}")
_OVERLAP = 80
"""More bytes than a digest has with its prefix, so that one across two pieces is seen."""
Fingerprint = tuple[int, int, int, int]
"""Size, modification time, status change time (both ns) and inode of a file."""


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
        status = path.stat()
        digest = self.remembered(str(path), status)
        if digest is None:
            started = time.time()
            digest = hash_file(path, check)
            self.remember(str(path), status, digest, started)
        return digest, status.st_size

    def remembered(self, path: str, status: os.stat_result) -> str | None:
        """The digest of a file whose status is as it was, None where it has to be read."""
        known = self._known.get(path)
        if not isinstance(known, list) or known[:4] != [*fingerprint(status)]:
            return None
        digest = known[-1]
        if not isinstance(digest, str):
            return None
        self._seen[path] = known
        return digest

    def remember(self, path: str, status: os.stat_result, digest: str, started: float) -> None:
        """Keep the digest of a file that was read from `started` on; thread-safe."""
        if started - max(status.st_mtime, status.st_ctime) > RACY:
            self._seen[path] = [*fingerprint(status), digest]

    def save(self) -> None:
        """Remember what was looked at; a cache that cannot be written is done without."""
        if self._seen == self._known:
            return
        try:
            make_folder(self._file.parent)
            write_file(self._file, json.dumps(self._seen, separators=(",", ":")).encode())
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
            raise special_file(path)
        buffer = bytearray(min(CHUNK, before.st_size + 1))
        view = memoryview(buffer)
        total = 0
        # One that grows all the time is not read for ever.
        while total <= before.st_size and (count := file.readinto(buffer)):
            check()
            total += count
            yield view[:count]
        after = os.fstat(descriptor)
        if not _is_as_it_was(before, after) or total != after.st_size:
            raise ProviderError(
                "A file changed while it was read",
                f"{path} was written to by somebody meanwhile. Wait until that is done, then try "
                "again.",
            )


def _is_as_it_was(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether an open file has the same bytes still; names may have come and gone meanwhile."""
    if after.st_nlink != before.st_nlink:  # which alone changes the status
        return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return fingerprint(before) == fingerprint(after)


def digests_in(path: Path) -> set[str]:
    """Every digest that the text of a file names, however large it is; none where it is missing.

    Raises ProviderError where it cannot be read.
    """
    found: set[str] = set()
    rest = b""
    try:
        with path.open("rb") as file:
            while data := file.read(1 << 22):
                found |= {match.decode() for match in _NAMED.findall(rest + data)}
                rest = (rest + data)[-_OVERLAP:]
    except FileNotFoundError:
        return found
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
    return found
