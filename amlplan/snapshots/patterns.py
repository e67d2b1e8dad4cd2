"""Patterns of ignore files, read as git reads them and turned into regular expressions."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_GLOB = frozenset("*?[\\")
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "\\x21-\\x7e",
    "lower": "a-z",
    "print": "\\x20-\\x7e",
    "punct": "\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e",
    "space": " \\t\\n\\r\\f\\v",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_NEVER = r"(?!)"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of an ignore file.

    `keeps` tells a negation, `folders_only` a line that ends in a slash. `matches` takes a path
    relative to the ignore file's folder where `anchored`, else a name, as `in_bytes` gives it.
    `text` is the line as it is written.
    """

    line: int
    keeps: bool
    folders_only: bool
    anchored: bool
    matches: Callable[[str], object]
    text: str


def in_bytes(path: str) -> str:
    """A path with a letter for each of its bytes: git matches bytes, so é is two of them to `?`."""
    return path if path.isascii() else path.encode(errors="surrogateescape").decode("latin-1")


def patterns_of(data: bytes) -> tuple[Pattern, ...]:
    """The patterns of an ignore file, in the order of its lines; never raises."""
    lines = data.removeprefix(codecs.BOM_UTF8).decode("latin-1").split("\n")
    read = (_pattern(line.removesuffix("\r"), number) for number, line in enumerate(lines, 1))
    return tuple(pattern for pattern in read if pattern is not None)


def _pattern(line: str, number: int) -> Pattern | None:
    text = _without_trailing_spaces(line)
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text[keeps:]
    folders_only = text.endswith("/")
    text = text[: len(text) - folders_only]
    anchored = "/" in text
    glob = text.removeprefix("/") if anchored else text
    matches = _matcher(glob, anchored=anchored)
    return Pattern(number, keeps, folders_only, anchored, matches, _readable(line))


def _readable(line: str) -> str:
    return line.encode("latin-1").decode(errors="replace").strip()


def _without_trailing_spaces(line: str) -> str:
    """The line without the spaces at its end; one after a backslash is part of the pattern."""
    end = len(line.rstrip(" "))
    backslashes = end - len(line[:end].rstrip("\\"))
    return line[: end + 1] if backslashes % 2 else line[:end]


def _matcher(glob: str, *, anchored: bool) -> Callable[[str], object]:
    """What tells whether a text is the whole of a glob; most globs need no regular expression."""
    if not _GLOB & set(glob):
        return glob.__eq__
    if glob[0] == "*" and not _GLOB & set(glob[1:]) and not anchored:
        ending = glob[1:]
        return lambda text: text.endswith(ending)
    return re.compile(_expression(glob), re.DOTALL).fullmatch


def _expression(glob: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(glob):
        part, at = _PARTS.get(glob[at], _literal)(glob, at)
        parts.append(part)
    return "".join(parts)


def _literal(glob: str, at: int) -> tuple[str, int]:
    return re.escape(glob[at]), at + 1


def _escaped(glob: str, at: int) -> tuple[str, int]:
    if at + 1 == len(glob):
        return _NEVER, at + 1
    return re.escape(glob[at + 1]), at + 2


def _one(_glob: str, at: int) -> tuple[str, int]:
    return "[^/]", at + 1


def _stars(glob: str, at: int) -> tuple[str, int]:
    """Two stars or more span folders, but only where they are a whole part of the path."""
    end = at
    while end < len(glob) and glob[end] == "*":
        end += 1
    spans = end - at > 1 and (at == 0 or glob[at - 1] == "/")
    if spans and end == len(glob):
        return ".*", end
    if spans and glob[end] == "/":
        return "(?:.*/)?", end + 1
    return "[^/]*", end


def _brackets(glob: str, at: int) -> tuple[str, int]:
    """One character of a set; a set without an end matches nothing."""
    start = at + 1
    negated = glob[start : start + 1] in {"!", "^"}
    start += negated
    members: list[str] = []
    at = start
    while at == start or glob[at : at + 1] != "]":
        if at >= len(glob):
            return _NEVER, at
        member, at = _member(glob, at)
        members.append(member)
    inside = "".join(members)
    if not inside:
        return ("[^/]" if negated else _NEVER), at + 1
    return (f"[^/{inside}]" if negated else f"(?!/)[{inside}]"), at + 1


def _member(glob: str, at: int) -> tuple[str, int]:
    """A character, a range or a class in brackets, as a regular expression has it in brackets."""
    named = re.compile(r"\[:(\w*):\]").match(glob, at)
    if named is not None:
        return _CLASSES.get(named[1], ""), named.end()
    first, at = _character(glob, at)
    if glob[at : at + 1] != "-" or glob[at + 1 : at + 2] in {"", "]"}:
        return re.escape(first), at
    last, at = _character(glob, at + 1)
    return (f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""), at


def _character(glob: str, at: int) -> tuple[str, int]:
    if glob[at] == "\\" and at + 1 < len(glob):
        return glob[at + 1], at + 2
    return glob[at], at + 1


_PARTS = {"*": _stars, "?": _one, "[": _brackets, "\\": _escaped}
