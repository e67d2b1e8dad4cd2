"""The content store of a workspace: blobs by digest, written once and never changed."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

from amlplan.aside import drop_left_behind, make_file
from amlplan.content import changed_since_plan
from amlplan.digests import PREFIX, DigestMemory, chunks
from amlplan.files import failure_at, make_folder, sync, sync_folder
from amlplan.store_use import asked_for, in_use
from amlplan_local.at_once import do_at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from io import FileIO
    from pathlib import Path

    from amlplan.errors import ProviderError

BLOB_MODE = 0o444
MANY = 16
"""From so many files on they are stored on threads."""
THREADS = 16
"""Most of the time goes into waiting for the disk, which makes many files durable at once."""


class ContentStore:
    """Blobs under `blobs/sha256/ab/…`; only `amlplan_local.sweeping` deletes any."""

    def __init__(self, folder: Path, cache_folder: Path) -> None:
        self.folder = folder
        self._blobs = folder / "blobs" / "sha256"
        self._parts = folder / "parts"
        self._cache_folder = cache_folder

    def path(self, digest: str) -> Path:
        """Where the bytes of a digest lie, or would lie."""
        name = digest.removeprefix(PREFIX)
        return self._blobs / name[:2] / name

    def corrupted(self, files: Mapping[str, str]) -> list[str]:
        """The paths whose stored bytes are missing or no longer have their digest.

        Raises ProviderError where a blob is there and cannot be read.
        """
        memory = DigestMemory(self._cache_folder, self._blobs / digest_key(files))
        bad = [name for name in sorted(files) if not self._is_sound(files[name], memory)]
        memory.save()
        return bad

    def _is_sound(self, digest: str, memory: DigestMemory) -> bool:
        path = self.path(digest)
        try:
            return PREFIX + memory.digest(path)[0] == digest
        except FileNotFoundError:
            return False
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure

    def put(
        self,
        sources: Mapping[str, tuple[Path, str]],
        check: Callable[[], None],
        progress: Callable[[str], None],
        changed: Callable[[str], ProviderError] | None = None,
    ) -> None:
        """Store files, given by path in the source, with where they lie and their digest.

        What is stored and sound is left alone; what is broken is replaced. Durable when this
        returns, and left alone by who clears the store for an hour. Of many files, `check` and
        `progress` are called on several threads. Raises what `changed` gives, or says that a plan
        is stale, where a file no longer has the digest.
        """
        with in_use(self.folder):
            self._put(sources, check, progress, changed or changed_since_plan)

    def _put(
        self,
        sources: Mapping[str, tuple[Path, str]],
        check: Callable[[], None],
        progress: Callable[[str], None],
        changed: Callable[[str], ProviderError],
    ) -> None:
        make_folder(self._parts)
        drop_left_behind(self._parts, "")
        bad = set(self.corrupted({name: digest for name, (_, digest) in sources.items()}))
        for name in sources.keys() - bad:
            asked_for(self.path(sources[name][1]))
        folders: set[Path] = set()

        def store(numbered: tuple[int, str]) -> None:
            number, name = numbered
            check()
            progress(f"storing {name} ({number} of {len(bad)})")
            source, digest = sources[name]
            folders.add(self._copy(source, digest, check, changed))

        threads = THREADS if len(bad) >= MANY else 1
        do_at_once(list(enumerate(sorted(bad), start=1)), store, threads)
        for folder in folders:
            sync_folder(folder)
            sync_folder(folder.parent)

    def take(self, pieces: Iterable[memoryview]) -> tuple[str, int]:
        """Store bytes that are read once; gives their digest and size. Durable after `settle`.

        What the pieces raise passes through, but for an OSError: that counts as the store's and
        is explained by a ProviderError.
        """
        make_folder(self._parts)
        part = self._parts / secrets.token_hex(16)
        seen, size = hashlib.sha256(), 0
        try:
            with os.fdopen(make_file(part), "wb", buffering=0) as file:
                for piece in pieces:
                    seen.update(piece)
                    size += len(piece)
                    _write(file, piece)
                os.fchmod(file.fileno(), BLOB_MODE)
                sync(file.fileno())
                path = self.path(seen.hexdigest())
                make_folder(path.parent)
                with in_use(self.folder):
                    part.replace(path)
        except OSError as failure:
            raise failure_at(part, "written", failure) from failure
        finally:
            part.unlink(missing_ok=True)
        return PREFIX + seen.hexdigest(), size

    def settle(self, digests: Iterable[str]) -> None:
        """Make what was taken survive a power loss; raises ProviderError."""
        make_folder(self._parts)
        drop_left_behind(self._parts, "")
        for folder in {self.path(digest).parent for digest in digests}:
            try:
                sync_folder(folder)
                sync_folder(folder.parent)
            except OSError as failure:
                raise failure_at(folder, "synced", failure) from failure

    def _copy(
        self,
        source: Path,
        digest: str,
        check: Callable[[], None],
        changed: Callable[[str], ProviderError],
    ) -> Path:
        path = self.path(digest)
        make_folder(path.parent)
        part = self._parts / secrets.token_hex(16)
        seen = hashlib.sha256()
        try:
            with os.fdopen(make_file(part), "wb") as file:
                for chunk in _read(source, check):
                    seen.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fchmod(file.fileno(), BLOB_MODE)
                sync(file.fileno())
                if PREFIX + seen.hexdigest() != digest:
                    raise changed(str(source))
                part.replace(path)
        except OSError as failure:
            raise failure_at(path, "written", failure) from failure
        finally:
            part.unlink(missing_ok=True)
        return path.parent


def _write(file: FileIO, piece: memoryview) -> None:
    while piece:
        piece = piece[file.write(piece) :]


def _read(source: Path, check: Callable[[], None]) -> Iterator[memoryview]:
    """The bytes of a source, with failures that name it rather than the store."""
    try:
        yield from chunks(source, check)
    except OSError as failure:
        raise failure_at(source, "read", failure) from failure


def digest_key(files: Mapping[str, str]) -> str:
    """A short name for a set of files."""
    return hashlib.sha256("\0".join(sorted(files.values())).encode()).hexdigest()[:16]
