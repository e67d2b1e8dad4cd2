"""The snapshots that a store keeps, and how people name one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX
from amlplan.errors import AmlplanError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from amlplan.content_store import ContentStore

FOLDER = "snapshots"
_NAME = re.compile(r"[0-9a-f]{64}\.json")
SHORT = 12
"""Letters of an id that people are shown."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot that is kept: its id, and the unix time at which it was last taken, roughly."""

    id: str
    taken: float


def kept_in(content: ContentStore) -> list[Kept]:
    """The snapshots of a store, the newest first; raises ProviderError."""
    folder = content.folder / FOLDER
    try:
        files = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
        found = [Kept(PREFIX + path.stem, path.stat().st_mtime) for path in files]
    except FileNotFoundError:
        return []
    except OSError as failure:
        raise failure_at(folder, "read", failure) from failure
    return sorted(found, key=lambda kept: (-kept.taken, kept.id))


def ids_beginning(content: ContentStore, reference: str) -> list[str]:
    """The ids that a reference is, or is the beginning of; none where it can be no id."""
    beginning = reference.removeprefix(PREFIX).lower()
    if not re.fullmatch(r"[0-9a-f]{1,64}", beginning):
        return []
    return [kept.id for kept in kept_in(content) if kept.id.startswith(PREFIX + beginning)]


def short(snapshot_id: str) -> str:
    """An id as people are shown it; it names the snapshot where no other begins so."""
    return snapshot_id.removeprefix(PREFIX)[:SHORT]


def missing(reference: str, known: Sequence[Kept], folder: Path) -> AmlplanError:
    """The error for a reference that is nothing that is kept."""
    newest = ", ".join(short(kept.id) for kept in known[:3]) or "none"
    return AmlplanError(
        "No such snapshot",
        f"{reference} is neither a run nor the beginning of a snapshot's id; the newest in "
        f"{folder} are: {newest}. See them with: amlplan snapshot list",
    )
