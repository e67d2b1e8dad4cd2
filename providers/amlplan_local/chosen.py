"""Files of a run's working folder that are to be kept, and why some are not."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

OUTSIDE = "it leads outside of the working folder"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be kept: where each file lies, by its path in the working folder.

    A link is kept as the file that it leads to. `left_out` says why others are not kept.
    """

    files: dict[str, Path] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be kept of a working folder, of that so many bytes in all.

    By reference, files stay with the run, where nothing else has them, instead of in the store.
    `uploads` has folders in the working folder, with where they are copied to.
    """

    include: tuple[str, ...]
    max_size: int
    exclude: tuple[str, ...] = ()
    by_reference: bool = False
    uploads: Mapping[str, str] = field(default_factory=dict)


def wanted_in(document: Mapping[str, Any]) -> Wanted:
    """What `asdict` made of a Wanted and JSON of that; raises TypeError, KeyError, ValueError."""
    return Wanted(
        include=tuple(str(pattern) for pattern in document["include"]),
        max_size=int(document["max_size"]),
        exclude=tuple(str(pattern) for pattern in document.get("exclude", ())),
        by_reference=bool(document.get("by_reference", False)),
        uploads=dict(document.get("uploads", {})),
    )


def choose(
    work: Path,
    include: Iterable[str],
    asked: Iterable[str],
    max_size: int,
    exclude: Iterable[str] = (),
) -> Chosen:
    """Choose what a pattern matches, and the files and folders that were asked for.

    What was asked for comes first where not all has room in `max_size` bytes, and is never
    excluded.
    """
    root = work.resolve()
    left_out: dict[str, str] = {}
    wanted = _inside(root, asked, left_out)
    patterns = [expression(pattern) for pattern in include]
    without = {pattern: expression(pattern) for pattern in exclude}
    sizes: dict[str, int] = {}

    def is_wanted(name: str) -> bool:
        return _is_asked(name, wanted) or any(pattern.fullmatch(name) for pattern in patterns)

    def excluded_by(name: str) -> str | None:
        if _is_asked(name, wanted):
            return None
        return next((text for text, each in without.items() if each.fullmatch(name)), None)

    walk = _Walk(root, is_wanted, excluded_by, left_out)
    walk.enter(root, "")
    for name in wanted:
        if name not in left_out and not _covers(name, walk.found):
            left_out[name] = "there is no such file, and no file in a folder of this name"
    files: dict[str, Path] = {}
    room = max_size
    for name in sorted(walk.found, key=lambda name: (not _is_asked(name, wanted), name)):
        path, sizes[name] = walk.found[name]
        if sizes[name] > room:
            left_out[name] = (
                f"it is too large in all: {counted(sizes[name], 'byte')}, with {room:,} left"
            )
            continue
        files[name] = path
        room -= sizes[name]
    return Chosen(files, left_out)


def expression(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression over paths: `*` and `?` stay within a folder's name."""
    pattern = pattern.removeprefix("./")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern + "**" * pattern.endswith("/"))
    meanings = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meanings.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _inside(root: Path, asked: Iterable[str], left_out: dict[str, str]) -> set[str]:
    """The paths that were asked for, relative to the root; "." is the root itself."""
    names: set[str] = set()
    for path in asked:
        name = os.path.relpath(root / path, root)
        if name == ".." or name.startswith("../"):
            left_out[path] = OUTSIDE
        else:
            names.add(name)
    return names


def _is_asked(name: str, asked: set[str]) -> bool:
    if not asked:
        return False
    return "." in asked or name in asked or any(str(up) in asked for up in Path(name).parents)


def _covers(asked: str, found: Iterable[str]) -> bool:
    return asked == "." or any(f"{name}/".startswith(f"{asked}/") for name in found)


@dataclass(slots=True)
class _Walk:
    """A walk through a working folder that follows no link to a folder."""

    root: Path
    is_wanted: Callable[[str], bool]
    excluded_by: Callable[[str], str | None]
    left_out: dict[str, str]
    found: dict[str, tuple[Path, int]] = field(default_factory=dict)

    def enter(self, folder: Path, prefix: str) -> None:
        """Look at everything in a folder."""
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries)
        except OSError as failure:
            if self.is_wanted(f"{prefix}any"):
                self.left_out[prefix or "."] = f"it cannot be read: {failure.strerror}"
            return
        for name in names:
            self._look(folder / name, prefix + name)

    def _look(self, path: Path, name: str) -> None:
        try:
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode):
                self.enter(path, f"{name}/")
            elif self.is_wanted(name):
                self._choose(path, name, status)
        except OSError as failure:
            self.left_out[_shown(name)] = f"it cannot be read: {failure.strerror}"

    def _choose(self, path: Path, name: str, status: os.stat_result) -> None:
        if _shown(name) != name:
            self.left_out[_shown(name)] = "its name is no UTF-8"
            return
        pattern = self.excluded_by(name)
        if pattern is not None:
            self.left_out[name] = f'it is excluded by "{pattern}"'
            return
        if stat.S_ISLNK(status.st_mode):
            path = Path(os.path.realpath(path))
            if not path.is_relative_to(self.root):
                self.left_out[name] = f"it is a link, and {OUTSIDE}"
                return
            status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            self.found[name] = path, status.st_size
        elif stat.S_ISDIR(status.st_mode):
            self.left_out[name] = "it is a link to a folder"
        else:
            self.left_out[name] = "it is a pipe, a socket, a device or a link without end"


def _shown(name: str) -> str:
    return os.fsencode(name).decode(errors="backslashreplace")
