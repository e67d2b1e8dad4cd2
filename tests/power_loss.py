"""A disk that notes what is done to it, and what a power loss at any moment would have left."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan_state.durable import Disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Image = dict[str, bytes | None]
"""Files by path with their content; None is a folder."""


@dataclass(frozen=True)
class Event:
    """Something done to the disk, or `begun` and `returned`: a call of the one who writes."""

    kind: str
    path: str = ""
    source: str = ""
    inode: int = -1
    data: bytes = b""
    length: int = 0


class RecordingDisk(Disk):
    """Does everything, and notes it: changes before they begin, syncs after they are done."""

    def __init__(self, root: Path) -> None:
        self.events: list[Event] = []
        self._root = root
        self._lock = threading.Lock()
        self._names: dict[str, int] = {}
        self._open: dict[int, int] = {}
        self._inodes = itertools.count()

    def note(self, event: Event) -> None:
        with self._lock:
            self.events.append(event)

    def adopt(self) -> int:
        """Note the files that are there already as durable; how many events that were."""
        folders = ["."]
        for path in sorted(self._root.rglob("*")):
            name = self._short(path)
            if path.is_dir():
                self.note(Event("make_folder", path=name))
                folders.append(name)
                continue
            inode = self._names[name] = next(self._inodes)
            self.note(Event("create", path=name, inode=inode))
            self.note(Event("write", inode=inode, data=path.read_bytes()))
            self.note(Event("sync", inode=inode))
        for name in folders:
            self.note(Event("sync_folder", path=name))
        return len(self.events)

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        inode = next(self._inodes)
        self._names[self._short(path)] = self._open[descriptor] = inode
        self.note(Event("create", path=self._short(path), inode=inode))
        return descriptor

    def open_to_append(self, path: Path) -> int:
        descriptor = super().open_to_append(path)
        self._open[descriptor] = self._names[self._short(path)]
        return descriptor

    def write(self, descriptor: int, data: bytes) -> None:
        self.note(Event("write", inode=self._open[descriptor], data=data))
        super().write(descriptor, data)

    def truncate(self, descriptor: int, length: int) -> None:
        self.note(Event("truncate", inode=self._open[descriptor], length=length))
        super().truncate(descriptor, length)

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        self.note(Event("sync", inode=self._open[descriptor]))

    def close(self, descriptor: int) -> None:
        self._open.pop(descriptor)
        super().close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        inode = self._names.pop(self._short(source))
        self._names[self._short(target)] = inode
        self.note(
            Event("rename", path=self._short(target), source=self._short(source), inode=inode)
        )
        super().rename(source, target)

    def link(self, source: Path, target: Path) -> None:
        inode = self._names[self._short(target)] = self._names[self._short(source)]
        self.note(Event("link", path=self._short(target), inode=inode))
        super().link(source, target)

    def unlink(self, path: Path) -> None:
        if self._names.pop(self._short(path), None) is not None:
            self.note(Event("unlink", path=self._short(path)))
        super().unlink(path)

    def make_folder(self, path: Path) -> None:
        self.note(Event("make_folder", path=self._short(path)))
        super().make_folder(path)

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        self.note(Event("sync_folder", path=self._short(path)))

    def path_of(self, descriptor: int) -> str:
        inode = self._open[descriptor]
        return next(name for name, found in self._names.items() if found == inode)

    def _short(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


@dataclass
class Medium:
    """What is on the medium for sure, and what may or may not have reached it."""

    durable: dict[int, bytes] = field(default_factory=dict)
    unsynced: dict[int, list[Event]] = field(default_factory=dict)
    names: dict[str, int | None] = field(default_factory=dict)
    unsynced_names: list[Event] = field(default_factory=list)

    def take(self, event: Event) -> None:
        match event.kind:
            case "write" | "truncate":
                self.unsynced.setdefault(event.inode, []).append(event)
            case "sync":
                content = self.durable.get(event.inode, b"")
                for change in self.unsynced.pop(event.inode, []):
                    content = _changed(content, change)
                self.durable[event.inode] = content
            case "create" | "rename" | "link" | "unlink" | "make_folder":
                self.unsynced_names.append(event)
            case "sync_folder":
                stays = []
                for change in self.unsynced_names:
                    if (change.path.rpartition("/")[0] or ".") == event.path:
                        _rename(self.names, change)
                    else:
                        stays.append(change)
                self.unsynced_names = stays

    def images(self) -> Iterator[Image]:
        """Every folder that could be found after a power loss now."""
        for names in self._possible_names():
            inodes = sorted({inode for inode in names.values() if inode is not None})
            choices = [list(self._possible_contents(inode)) for inode in inodes]
            for contents in itertools.product(*choices):
                by_inode = dict(zip(inodes, contents, strict=True))
                yield {
                    path: None if inode is None else by_inode[inode]
                    for path, inode in names.items()
                    if "/" not in path or path.rpartition("/")[0] in names
                }

    def _possible_names(self) -> Iterator[dict[str, int | None]]:
        changes = self.unsynced_names[-6:]
        for which in itertools.product((False, True), repeat=len(changes)):
            names = dict(self.names)
            for change in self.unsynced_names[:-6]:
                _rename(names, change)
            for happened, change in zip(which, changes, strict=True):
                if happened:
                    _rename(names, change)
            yield names

    def _possible_contents(self, inode: int) -> Iterator[bytes]:
        content = self.durable.get(inode, b"")
        yield content
        for change in self.unsynced.get(inode, []):
            if change.kind == "write":
                yield from _torn(content, change.data)
            content = _changed(content, change)
            yield content


def _torn(content: bytes, data: bytes) -> Iterator[bytes]:
    """A write that reached the medium in part: its beginning, or with holes of zeros."""
    first_line = data.find(b"\n") + 1
    half = len(data) // 2
    for cut in sorted({1, 7, first_line - 1, first_line, first_line + 9, half, len(data) - 1}):
        if 0 < cut < len(data):
            yield content + data[:cut]
            yield content + data[:cut] + bytes(len(data) - cut)
            yield content + bytes(cut) + data[cut:]


def _changed(content: bytes, change: Event) -> bytes:
    return content + change.data if change.kind == "write" else content[: change.length]


def _rename(names: dict[str, int | None], change: Event) -> None:
    match change.kind:
        case "unlink":
            names.pop(change.path, None)
        case "make_folder":
            names[change.path] = None
        case _:
            names[change.path] = change.inode
            if change.kind == "rename" and names.get(change.source) == change.inode:
                del names[change.source]


def write_out(image: Image, folder: Path) -> None:
    """Make the folder that an image describes."""
    folder.mkdir()
    for path, content in sorted(image.items(), key=lambda item: (item[1] is not None, item[0])):
        if content is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(content)


def replay(events: list[Event], check: Callable[[Image, list[Event]], None], start: int = 0) -> int:
    """Check each image that a power loss after each event could leave; how many there were.

    `check` gets the events up to then; an image is checked again where more calls had returned.
    """
    medium = Medium()
    seen: set[tuple[object, ...]] = set()
    calls: list[Event] = []
    for number, event in enumerate((Event("start"), *events)):
        medium.take(event)
        if number < start:
            continue
        if event.kind in ("begun", "returned"):
            calls.append(event)
        for image in medium.images():
            key = (len(calls), *sorted(image.items(), key=lambda item: item[0]))
            if key not in seen:
                seen.add(key)
                check(image, list(calls))
    return len(seen)
