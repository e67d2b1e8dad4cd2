"""Clears a content store: removes blobs and snapshots that nothing refers to and nobody just added.

What refers is found by its text: every digest in a document counts, whatever the document is. That
keeps too much rather than too little, also where a newer amlplan wrote it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.abilities import Swept
from amlplan.aside import drop_left_behind
from amlplan.digests import PREFIX, digests_in
from amlplan.files import failure_at

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

_SNAPSHOTS = "snapshots"
_NO_DOCUMENTS = frozenset({"blobs", "parts", _SNAPSHOTS})
_IMAGES = "images"


def referred(workspace: Path, store: Path) -> set[str]:
    """The digests in all documents but those of snapshots and runs; raises ProviderError."""
    found: set[str] = set()
    for path in (*_documents(store, _NO_DOCUMENTS), *(workspace / _IMAGES).glob("*/*.json")):
        found |= digests_in(path)
    return found


def _documents(folder: Path, left_out: frozenset[str] = frozenset()) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        for entry in sorted(folder.iterdir()):
            if entry.is_dir() and entry.name not in left_out:
                yield from _documents(entry)
            elif entry.suffix == ".json":
                yield entry


def sweep(store: Path, kept: set[str], before: float, *, is_dry: bool) -> Swept:
    """Remove what is older than a moment and not among the digests; see SweepsContent."""
    live = set(kept)
    swept = Swept()
    for path in sorted((store / _SNAPSHOTS).glob("*.json")):
        status = _status(path)
        if status is None:
            continue
        if PREFIX + path.stem in kept or status.st_mtime >= before:
            live |= digests_in(path)
        elif is_dry or _removed(path):
            swept = replace(swept, snapshots=swept.snapshots + 1)
    for path in _blobs(store):
        status = _status(path)
        if status is None or PREFIX + path.name in live:
            continue
        if status.st_mtime >= before:
            swept = replace(swept, too_new=swept.too_new + 1)
        elif is_dry or _removed(path):
            # What an image has a link to takes its room on.
            size = status.st_size if status.st_nlink == 1 else 0
            swept = replace(swept, contents=swept.contents + 1, size=swept.size + size)
    if not is_dry:
        drop_left_behind(store / "parts", "")
    return swept


def _blobs(store: Path) -> Iterator[Path]:
    for folder in sorted((store / "blobs" / "sha256").glob("??")):
        yield from sorted(folder.iterdir())


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure


def _removed(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError as failure:
        raise failure_at(path, "removed", failure) from failure
    return True
