"""Layers of an image: archives known by the digest of their bytes, and written piece by piece."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.content import changed_since_plan
from amlplan.digests import PREFIX
from amlplan_images.entries import archive_of_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from amlplan.errors import ProviderError
    from amlplan_images.entries import Entry
    from amlplan_schemas.base import JsonValue

LAYER_FORMAT = 1
"""Part of every key under which layers are remembered: another one where they are written anew."""
ROOT = "amlplan"
"""The folder of an image in which everything of ours lies."""


@dataclass(frozen=True, slots=True)
class Layer:
    """An archive that is one layer of an image.

    `name` says what it holds, for people. `read` opens it anew at each call. `changed` is the
    error for bytes that are not those of `diff_id`.
    """

    name: str
    diff_id: str
    size: int
    read: Callable[[], Iterable[bytes | memoryview]]
    changed: Callable[[], ProviderError] | None = None

    def stream(self) -> Iterator[bytes]:
        """Its bytes, piece by piece; may be called again.

        Raises ProviderError at their end, before the last piece, where they are not what `diff_id`
        says: a file changed since the plan, or the cache was meddled with.
        """
        seen, size, held = hashlib.sha256(), 0, b""
        for piece in self.read():
            if held:
                yield held
            held = bytes(piece)
            size += len(held)
            if size > self.size:
                raise self._error()
            seen.update(held)
        if size != self.size or PREFIX + seen.hexdigest() != self.diff_id:
            raise self._error()
        yield held

    def to_lock(self) -> dict[str, JsonValue]:
        """What `amlplan.lock` keeps of it."""
        return {"diff_id": self.diff_id, "size": self.size}

    def _error(self) -> ProviderError:
        if self.changed is not None:
            return self.changed()
        return changed_since_plan(f"What the image's layer of {self.name} is made of")


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of a layer without its bytes."""

    diff_id: str
    size: int

    @classmethod
    def from_lock(cls, document: Mapping[str, JsonValue]) -> Measured:
        """What `Layer.to_lock` gave."""
        return cls(str(document["diff_id"]), int(document["size"]))


def measure(
    pieces: Iterable[bytes | memoryview], check: Callable[[], None] = lambda: None
) -> Measured:
    """The digest and the size of an archive; `check` is called between pieces."""
    seen, size = hashlib.sha256(), 0
    for piece in pieces:
        check()
        seen.update(piece)
        size += len(piece)
    return Measured(PREFIX + seen.hexdigest(), size)


def layer_of(name: str, entries: Iterable[Entry], known: Measured | None = None) -> Layer:
    """A layer of these entries; reads them all where it is not known what they measure."""
    kept = tuple(entries)
    measured = known or measure(archive_of_entries(kept))
    return Layer(name, measured.diff_id, measured.size, lambda: archive_of_entries(kept))
