"""The sides that `amlplan snapshot` compares: snapshots that are kept, and folders as they are."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.files import failure_at
from amlplan.runs.own_folders import rules_of
from amlplan.runs.snapshot_names import named_snapshot
from amlplan.snapshots.catalogue import short
from amlplan.snapshots.patches import Side
from amlplan.snapshots.snapshot import load, manifest_path, scan

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.runs.place import RunPlace
    from amlplan.snapshots.manifest import Snapshot


@dataclass(frozen=True, slots=True)
class Compared:
    """One side of a comparison, what people call it, and the folder that it was taken of."""

    side: Side
    name: str
    source: str = "."

    @property
    def snapshot(self) -> Snapshot:
        """What the side holds."""
        return self.side.snapshot


def kept_side(reference: str, place: RunPlace, history: str | None) -> Compared:
    """A snapshot that is kept; raises AmlplanError."""
    named = named_snapshot(reference, place, history)
    snapshot = load(place.content, named.id)

    def read(path: str) -> bytes:
        return _read(place.content.path(snapshot.files[path].digest))

    run = named.run
    made = "" if run is None else f" of {run.id if run.number is None else f'run {run.number}'}"
    return Compared(Side(snapshot, read), f"snapshot {short(named.id)}{made}", named.source)


def folder_side(source: Path, place: RunPlace) -> Compared:
    """A folder as it is now, of any size; blocks, and raises AmlplanError."""
    snapshot = scan(
        source,
        max_size=sys.maxsize,
        max_files=sys.maxsize,
        cache_folder=place.cache_folder,
        runs_own=rules_of(source).runs_own,
    )
    return Compared(Side(snapshot, lambda path: _read(source / path)), f"{source} as it is now")


def taken_of(place: RunPlace, snapshot_id: str) -> float | None:
    """When a snapshot was last taken, as a unix time; None where that is gone."""
    try:
        return manifest_path(place.content, snapshot_id).stat().st_mtime
    except OSError:
        return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
