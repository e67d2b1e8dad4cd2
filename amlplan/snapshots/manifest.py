"""What a snapshot holds: its files and links by path, and one digest over the whole tree."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.digests import PREFIX
from amlplan.errors import AmlplanError
from amlplan.snapshots.tree import DEEPEST, stays_inside

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1


@dataclass(frozen=True, slots=True)
class File:
    """A file: the digest of its bytes, how many they are, and whether it may be executed."""

    digest: str
    size: int
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link, by where it leads, relative to its folder and inside of the tree."""

    target: str


Entry = File | Link
Tree = dict[str, "Entry | Tree"]


@dataclass(frozen=True, slots=True)
class Difference:
    """How one snapshot differs from another: paths, sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The content of a folder at one moment.

    `id` is the digest of the tree: equal for equal trees, whenever and wherever they are. `size`
    is the bytes of all files together.
    """

    id: str
    entries: Mapping[str, Entry]
    size: int

    @classmethod
    def of(cls, entries: Mapping[str, Entry]) -> Snapshot:
        """The snapshot of entries by path; raises AmlplanError for paths that make no tree."""
        ordered = {path: entries[path] for path in sorted(entries)}
        size = sum(entry.size for entry in ordered.values() if isinstance(entry, File))
        return cls(_digest_of(_tree_of(ordered)), ordered, size)

    @property
    def files(self) -> dict[str, File]:
        """The files by path, without the links."""
        return {path: entry for path, entry in self.entries.items() if isinstance(entry, File)}

    def difference(self, other: Snapshot) -> Difference:
        """What came, went and changed from this snapshot to another."""
        mine, theirs = self.entries, other.entries
        return Difference(
            added=tuple(sorted(theirs.keys() - mine.keys())),
            removed=tuple(sorted(mine.keys() - theirs.keys())),
            changed=tuple(
                sorted(path for path in mine.keys() & theirs.keys() if mine[path] != theirs[path])
            ),
        )

    def to_document(self) -> bytes:
        """The snapshot as JSON; the same bytes for the same snapshot."""
        entries = {path: _written(entry) for path, entry in self.entries.items()}
        document = {"format": FORMAT, "id": self.id, "size": self.size, "entries": entries}
        text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return text.encode() + b"\n"

    @classmethod
    def from_document(cls, data: bytes) -> Snapshot:
        """The snapshot that `to_document` wrote; raises AmlplanError for anything else."""
        try:
            document = json.loads(data)
            entries = {path: _read(path, each) for path, each in document["entries"].items()}
            written, told = document["format"], document["id"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _broken("It is not what amlplan wrote.") from None
        if written != FORMAT:
            raise _broken(f"Its format is {written}, and this amlplan reads {FORMAT}: upgrade it.")
        snapshot = cls.of(entries)
        if snapshot.id != told:
            raise _broken("Its entries are not the ones that its id was made from.")
        return snapshot


def _tree_of(entries: Mapping[str, Entry]) -> Tree:
    root: Tree = {}
    for path, entry in entries.items():
        *folders, name = path.split("/")
        tree = root
        for folder in folders:
            inner = tree.setdefault(folder, {})
            if not isinstance(inner, dict):
                raise _broken(f"{path} lies below something that is no folder.")
            tree = inner
        if name in tree:
            raise _broken(f"{path} is a folder and a file.")
        tree[name] = entry
    return root


def _digest_of(tree: Tree) -> str:
    """The digest of a folder: over kind, digest and name of what is in it, sorted by name.

    Stores hold it, so it must never change. Names sort by code point, which is their order as
    UTF-8 too.
    """
    digest = hashlib.sha256()
    for name in sorted(tree):
        digest.update(f"{_kind_and_digest(tree[name])} {name}\0".encode())
    return PREFIX + digest.hexdigest()


def _kind_and_digest(entry: Entry | Tree) -> str:
    if isinstance(entry, File):
        return f"{'executable' if entry.executable else 'file'} {entry.digest}"
    if isinstance(entry, Link):
        return f"link {PREFIX}{hashlib.sha256(entry.target.encode()).hexdigest()}"
    return f"folder {_digest_of(entry)}"


def _written(entry: Entry) -> dict[str, object]:
    if isinstance(entry, Link):
        return {"link": entry.target}
    written: dict[str, object] = {"digest": entry.digest, "size": entry.size}
    return written | ({"executable": True} if entry.executable else {})


def _read(path: str, written: Mapping[str, Any]) -> Entry:
    """One entry; raises ValueError where it could be written to outside of a folder."""
    parts = path.split("/")
    if len(parts) > DEEPEST + 1 or "\0" in path or {"", ".", ".."} & set(parts):
        raise ValueError(path)
    if "link" in written:
        target = str(written["link"])
        if not target or "\0" in target or not stays_inside(path, target):
            raise ValueError(path)
        return Link(target)
    digest = str(written["digest"])
    hexadecimal = digest.removeprefix(PREFIX)
    if len(hexadecimal) != hashlib.sha256().digest_size * 2 or set(hexadecimal) - set(
        "0123456789abcdef"
    ):
        raise ValueError(path)
    return File(digest, int(written["size"]), bool(written.get("executable", False)))


def _broken(why: str) -> AmlplanError:
    return AmlplanError(
        "A snapshot cannot be read",
        f"{why} Restore the workspace's store from a backup, or take the snapshot again.",
    )
