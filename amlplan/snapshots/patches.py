"""Differences between two trees as a patch that `git apply` and `patch -p1` take."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.snapshots.manifest import Link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amlplan.snapshots.manifest import Entry, Snapshot

LARGEST = 1024 * 1024
"""Bytes from which on the lines of a file are not compared."""
_NO_NEWLINE = "\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class Side:
    """One of two trees: what it holds, and what reads a file of it by its path."""

    snapshot: Snapshot
    read: Callable[[str], bytes]


def patch_of(before: Side, after: Side) -> Iterator[str]:
    """The patch that turns one tree into the other, a piece for each file that differs.

    Files that are no text, or too large, are only named. Raises what the readers raise.
    """
    difference = before.snapshot.difference(after.snapshot)
    for path in sorted((*difference.added, *difference.removed, *difference.changed)):
        old, new = before.snapshot.entries.get(path), after.snapshot.entries.get(path)
        if old is not None and new is not None and _kind(old) != _kind(new):
            yield _piece(path, (old, before), (None, after))
            yield _piece(path, (None, before), (new, after))
        else:
            yield _piece(path, (old, before), (new, after))


def _piece(path: str, old: tuple[Entry | None, Side], new: tuple[Entry | None, Side]) -> str:
    before, after = old[0], new[0]
    named = (_quoted(f"a/{path}"), _quoted(f"b/{path}"))
    text = f"diff --git {named[0]} {named[1]}\n" + _modes(before, after)
    if before is not None and after is not None and _content(before) == _content(after):
        return text
    sides = [_lines(path, entry, side) for entry, side in (old, new)]
    if sides[0] is None or sides[1] is None:
        return f"{text}Binary files {named[0]} and {named[1]} differ\n"
    sources = zip((before, after), named, strict=True)
    old_name, new_name = ("/dev/null" if entry is None else name for entry, name in sources)
    return text + "".join(_hunks(sides[0], sides[1], old_name, new_name))


def _kind(entry: Entry) -> type[Entry]:
    return type(entry)


def _content(entry: Entry) -> str:
    return entry.target if isinstance(entry, Link) else entry.digest


def _mode(entry: Entry) -> str:
    if isinstance(entry, Link):
        return "120000"
    return "100755" if entry.executable else "100644"


def _modes(before: Entry | None, after: Entry | None) -> str:
    if before is None:
        assert after is not None  # noqa: S101 - one of them is there
        return f"new file mode {_mode(after)}\n"
    if after is None:
        return f"deleted file mode {_mode(before)}\n"
    if _mode(before) != _mode(after):
        return f"old mode {_mode(before)}\nnew mode {_mode(after)}\n"
    return ""


def _lines(path: str, entry: Entry | None, side: Side) -> list[str] | None:
    """The lines of a file with their ends; None where it is no text, or too large."""
    if entry is None:
        return []
    if isinstance(entry, Link):
        return [entry.target]
    if entry.size > LARGEST:
        return None
    data = side.read(path)
    if b"\0" in data:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _hunks(before: list[str], after: list[str], old: str, new: str) -> Iterator[str]:
    for number, line in enumerate(difflib.unified_diff(before, after, old, new)):
        is_name = number < 2  # noqa: PLR2004 - a diff begins with two names
        if is_name:
            name = line.rstrip()
            yield f"{name}\t\n" if " " in name[4:] else f"{name}\n"  # as git marks its end
        else:
            yield line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}"


def _quoted(name: str) -> str:
    """A name as git writes it: in quotes where it holds what could be misread."""
    if all(letter.isprintable() and letter not in '"\\' for letter in name):
        return name
    escaped = "".join(_escaped(letter) for letter in name)
    return f'"{escaped}"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    return "".join(f"\\{byte:03o}" for byte in letter.encode())
