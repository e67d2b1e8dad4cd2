"""Snapshots of a source folder: taken, stored by content, and written out as private copies."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX, DigestMemory, fingerprint, hash_file
from amlplan.errors import AmlplanError, NotFoundError, ProviderError
from amlplan.files import failure_at, make_folder, write_file
from amlplan.snapshots.copies import write_copy
from amlplan.snapshots.ignore import IgnoreRules
from amlplan.snapshots.limits import check_limits
from amlplan.snapshots.manifest import File, Link, Snapshot
from amlplan.snapshots.tree import find, unreadable
from amlplan.store_use import asked_for, in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from amlplan.content_store import ContentStore
    from amlplan.snapshots.manifest import Entry
    from amlplan.snapshots.tree import Found

WORTH_A_THREAD = 8 * 1024 * 1024
"""Bytes to read from which on a second thread is worth its start."""


def scan(
    source: Path,
    *,
    max_size: int,
    max_files: int,
    cache_folder: Path,
    runs_own: frozenset[str] = frozenset(),
    check: Callable[[], None] = lambda: None,
) -> Snapshot:
    """Take a snapshot of a folder; blocks, and reads only files that changed since the last one.

    `max_size` is in bytes, `runs_own` are names at the top that are left out. `check` is called
    now and then and may raise. Raises AmlplanError for what cannot be taken, for too much, and for
    a file that changes while it is read.
    """
    rules = IgnoreRules(source, runs_own)
    found = find(rules)
    check_limits(rules, found, max_size=max_size, max_files=max_files)
    memory = DigestMemory(cache_folder / "snapshots", source.absolute())
    entries: dict[str, Entry] = {}
    unread: list[Found] = []
    for item in found:
        if item.link is not None:
            entries[item.path] = Link(item.link)
            continue
        digest = memory.remembered(item.path, item.status)
        if digest is None:
            unread.append(item)
        else:
            entries[item.path] = _file(item, digest)
    reading = _Reading(rules, memory, check, iter(unread), entries)
    reading.run(threads=2 if sum(item.status.st_size for item in unread) > WORTH_A_THREAD else 1)
    memory.save()
    return Snapshot.of(entries)


def store(
    snapshot: Snapshot,
    source: Path,
    content: ContentStore,
    check: Callable[[], None] = lambda: None,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Put what is missing of a snapshot into a store, then its manifest; durable on return.

    Blocks. May be repeated: what is stored is neither read nor written again. Nothing of it is
    cleared away within an hour. Raises AmlplanError where a file is no longer what the snapshot
    says, or cannot be stored.
    """
    with in_use(content.folder):
        _store(snapshot, source, content, check, progress)


def _store(
    snapshot: Snapshot,
    source: Path,
    content: ContentStore,
    check: Callable[[], None],
    progress: Callable[[str], None],
) -> None:
    files = snapshot.files
    by_digest = {file.digest: path for path, file in files.items()}
    missing = {
        path: (source / path, digest)
        for digest, path in by_digest.items()
        if not _is_stored(content.path(digest), files[path])
    }
    if missing:
        content.put(missing, check, progress, _changed)
    manifest = manifest_path(content, snapshot.id)
    document = snapshot.to_document()
    try:
        if manifest.read_bytes() == document:
            asked_for(manifest)
            return
    except FileNotFoundError:
        make_folder(manifest.parent)
    except OSError as failure:
        raise failure_at(manifest, "read", failure) from failure
    write_file(manifest, document)


def load(content: ContentStore, snapshot_id: str) -> Snapshot:
    """A snapshot from a store by its id; raises AmlplanError where it is missing or broken."""
    path = manifest_path(content, snapshot_id)
    try:
        return Snapshot.from_document(path.read_bytes())
    except FileNotFoundError as failure:
        raise NotFoundError(
            "A snapshot is missing",
            f"{path} is not there. Restore the workspace's store from a backup, or take the "
            "snapshot again.",
        ) from failure
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure


def manifest_path(content: ContentStore, snapshot_id: str) -> Path:
    """Where a store keeps what a snapshot holds."""
    return content.folder / "snapshots" / f"{snapshot_id.removeprefix(PREFIX)}.json"


def materialise(snapshot: Snapshot, content: ContentStore, folder: Path) -> None:
    """Write a stored snapshot into a folder that is empty or missing; blocks.

    Every file is a copy of its own that the script may change; where the file system can, it
    shares its blocks until then. Raises AmlplanError; what was written until then stays.
    """
    make_folder(folder)
    if any(folder.iterdir()):
        raise AmlplanError(
            "A folder is not empty",
            f"{folder} holds something already, and a snapshot is written into an empty folder "
            "only. Choose another one.",
        )
    made = {""}
    for path, entry in snapshot.entries.items():
        above = path.rpartition("/")[0]
        try:
            if above not in made:
                (folder / above).mkdir(parents=True, exist_ok=True)
                made.add(above)
            if isinstance(entry, Link):
                (folder / path).symlink_to(entry.target)
                continue
        except OSError as failure:
            raise failure_at(folder / path, "written", failure) from failure
        write_copy(content.path(entry.digest), folder / path, entry)


@dataclass(slots=True)
class _Reading:
    """Reads files on one thread or more, which hashing lets run at once."""

    rules: IgnoreRules
    memory: DigestMemory
    check: Callable[[], None]
    unread: Iterator[Found]
    entries: dict[str, Entry]
    failure: BaseException | None = field(default=None, init=False)

    def run(self, threads: int) -> None:
        others = [threading.Thread(target=self._read_all) for _ in range(threads - 1)]
        for other in others:
            other.start()
        try:
            self._read_all()
        finally:
            for other in others:
                other.join()
        if self.failure is not None:
            raise self.failure

    def _read_all(self) -> None:
        """Read until nothing is left, or a thread failed."""
        try:
            while self.failure is None and (item := next(self.unread, None)) is not None:
                self.entries[item.path] = _file(item, self._digest(item))
        except BaseException as failure:  # noqa: BLE001 - raised again by `run`
            self.failure = failure

    def _digest(self, item: Found) -> str:
        self.check()
        path = self.rules.source / item.path
        started = time.time()
        try:
            digest = hash_file(path, self.check)
            after = path.lstat()
        except OSError as failure:
            raise unreadable(self.rules, item.path, failure) from failure
        if fingerprint(after) != fingerprint(item.status):
            raise _changed(str(path))
        self.memory.remember(item.path, item.status, digest, started)
        return digest


def _file(item: Found, digest: str) -> File:
    executable = bool(item.status.st_mode & 0o100)
    return File(PREFIX + digest, item.status.st_size, executable)


def _changed(path: str) -> ProviderError:
    return ProviderError(
        "A file changed while it was read",
        f"{path} was written to by somebody meanwhile. Wait until that is done, then try again.",
    )


def _is_stored(path: Path, file: File) -> bool:
    try:
        return path.stat().st_size == file.size
    except OSError:
        return False
