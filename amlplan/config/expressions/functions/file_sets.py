"""The `fileset` function: files whose path fits a pattern."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.files import PATH, located
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.sets import set_of
from amlplan.config.expressions.text import composed
from amlplan.config.expressions.types import STRING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.values import Value

_ANY_DEPTH: Final = "**"
_SPECIAL: Final = frozenset("*?[{\\")
_PART = re.compile(
    r"\\(?P<literal>.)|(?P<any>\*+)|(?P<one>\?)|\[(?P<class>(?:\\.|[^\]\\])+)\]"
    r"|\{(?P<choices>(?:\\.|[^{}\\])*)\}|(?P<plain>[^\\\[{])",
    re.DOTALL,
)


def _fileset(folder: Path, path: str, pattern: str) -> Value:
    """Give the paths below a folder that fit a pattern of *, ?, [a-z] and {a,b}.

    ** stands for any number of folders, without those that links lead to.
    """
    parts = os.path.normpath(pattern.lstrip("/") or ".").split("/")
    base = Path(os.path.normpath(located(folder, path)))
    try:
        found = list(_fitting(base, "", parts))
    except OSError as failure:
        raise FunctionFailure(f'"{path}" cannot be read: {failure.strerror}.', 0) from None
    for name in found:
        if not name.isprintable() and any("\ud800" <= character <= "\udfff" for character in name):
            raise FunctionFailure("the name of a file is not UTF-8 text.", 0)
    return set_of((composed(name) for name in found), STRING)


def _fitting(folder: Path, below: str, parts: list[str]) -> Iterator[str]:
    part, rest = parts[0], parts[1:]
    if part == _ANY_DEPTH:
        yield from _fitting(folder, below, rest or ["*"])
        for entry in _entries(folder):
            if entry.is_dir(follow_symlinks=False):
                yield from _fitting(Path(entry.path), f"{below}{entry.name}/", parts)
        return
    for name in _names(folder, part):
        place = folder / name
        if rest:
            yield from _fitting(place, f"{below}{name}/", rest)
        elif stat.S_ISREG(place.stat().st_mode):
            yield f"{below}{name}"


def _names(folder: Path, part: str) -> list[str]:
    """Give the names in a folder that fit one part of the pattern."""
    if not _SPECIAL.intersection(part):
        place = folder / part
        return [part] if place.is_symlink() or place.exists() else []
    fits = re.compile(_expression(part), re.DOTALL).fullmatch
    return [entry.name for entry in _entries(folder) if fits(entry.name)]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return list(entries)


def _expression(part: str) -> str:
    """Give the regular expression for a part of the pattern."""
    pieces: list[str] = []
    position = 0
    while position < len(part):
        found = _PART.match(part, position)
        if found is None:
            raise FunctionFailure(
                f'the pattern has a "{part[position]}" that is not closed, or holds nothing; '
                "braces do not nest.",
                1,
            )
        pieces.append(_piece(found))
        position = found.end()
    return "".join(pieces)


def _piece(found: re.Match[str]) -> str:
    kind = found.lastgroup
    text = found[kind] if kind else ""
    if kind == "any":
        return ".*"
    if kind == "one":
        return "."
    if kind == "class":
        negation, inner = ("^", text[1:]) if text.startswith("^") else ("", text)
        escaped = re.sub(r"[\^\[&~|]", lambda match: f"\\{match[0]}", inner)
        return f"[{negation}{escaped}]"
    if kind == "choices":
        choices = re.split(r"(?<!\\),", text)
        return f"(?:{'|'.join(map(_expression, choices))})"
    return re.escape(text)


FILE_SETS: Final = (
    Function("fileset", _fileset, (PATH, Parameter("pattern", STRING)), uses_folder=True),
)
