"""The event files of a container, as they grow, in the run's folder on this host."""

from __future__ import annotations

import errno
import json
import os
import re
from typing import TYPE_CHECKING, Any

from amlplan_docker.inside.tails import EVENTS, RECORDED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

_OURS = re.compile(r"(supervisor|control|script-\w+)\.jsonl")
"""Files that processes of this host write, and no script."""
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,200}\.(jsonl|child)")
_KEPT = frozenset({"artifact", "image"})


class Mirror:
    """Files of one run, written on behind what is there already."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[int, str] = {}

    def had(self) -> dict[str, int]:
        """The sizes of the files as they are here."""
        self._names.clear()
        sizes = {f"{EVENTS}/{path.name}": path.stat().st_size for path in self._files()}
        recorded = self._folder / RECORDED
        if recorded.exists():
            sizes[RECORDED] = recorded.stat().st_size
        return sizes

    def take(self, kind: bytes, number: int, data: bytes) -> None:
        """Do what a frame of the runner says; raises OSError."""
        if kind == b"n":
            self._named(number, data.decode("utf-8", "replace"))
        elif number in self._names:
            with (self._folder / self._names[number]).open("ab", buffering=0) as file:
                if kind == b"t":
                    file.truncate(0)
                else:
                    _append(file, data)

    def take_rest(self, other: Path) -> None:
        """Add what a copy of the container's folder has behind what is here; raises OSError."""
        had = self.had()
        found = sorted(path.name for path in (other / EVENTS).glob("*")) if other.exists() else []
        for name in (RECORDED, *(f"{EVENTS}/{name}" for name in found)):
            path = other / name
            if path.is_file() and not path.is_symlink() and self._is_taken(name):
                with path.open("rb") as file, (self._folder / name).open("ab", buffering=0) as own:
                    file.seek(had.get(name, 0))
                    while data := file.read(1 << 20):
                        _append(own, data)

    def asked(self) -> Iterator[str]:
        """The paths that the script wants kept, whatever is collected; raises OSError."""
        for path in self._files():
            with path.open("rb") as file:
                for line in file:
                    if b'"artifact"' in line or b'"image"' in line:
                        yield from _path_in(line)

    def _files(self) -> Iterator[Path]:
        for path in sorted((self._folder / EVENTS).iterdir()):
            if _NAME.fullmatch(path.name) and not _OURS.fullmatch(path.name):
                yield path

    def _named(self, number: int, name: str) -> None:
        if self._is_taken(name):
            self._names[number] = name
            with (self._folder / name).open("ab"):
                return

    def _is_taken(self, name: str) -> bool:
        """Whether a file of a container is one that belongs here."""
        folder, _, plain = name.partition("/")
        is_event = folder == EVENTS and _NAME.fullmatch(plain) and not _OURS.fullmatch(plain)
        return name == RECORDED or bool(is_event)


def _append(file: FileIO, data: bytes) -> None:
    """Write all of it or nothing, so that it may be tried again; raises OSError."""
    before = file.tell()
    if file.write(data) < len(data):  # a disk that is nearly full takes the beginning only
        file.truncate(before)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _path_in(line: bytes) -> Iterator[str]:
    try:
        event: Any = json.loads(line)
    except (ValueError, RecursionError):
        return
    if isinstance(event, dict) and event.get("type") in _KEPT:
        path = event.get("path")
        if isinstance(path, str):
            yield path
