"""What may stand where somebody completes a command line; imports little, as it must be quick."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Word = tuple[str, str]
"""A word and what it is; one that ends with `=` or `/` goes on."""


def read_table() -> dict[str, Any]:
    """The table that `table.completion_table` makes."""
    text = files("amlplan.cli.completion").joinpath("table.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def candidates(words: Sequence[str], table: dict[str, Any]) -> list[Word]:
    """What the last of the words behind `amlplan` may become; it may be empty."""
    *before, raw = [_plain(word) for word in words] or [""]
    place = _walk(before, table)
    found: Iterable[Word]
    if place.awaiting is not None:
        found = _values(place.awaiting, raw)
    elif raw.startswith("-"):
        found = _options(place.entry, raw)
    elif "commands" in place.entry:
        found = [(name, text) for name, (text, _) in place.entry["commands"].items()]
    else:
        found = _values(place.entry.get("argument", ""), raw)
    return [word for word in found if word[0].startswith(raw)]


def _plain(word: str) -> str:
    """A word without the quotes and backslashes of a shell."""
    return word.replace("\\", "").replace("'", "")


@dataclass(slots=True)
class _Place:
    """The command at the end of some words, and what the option before waits for."""

    entry: dict[str, Any]
    awaiting: Any = None


def _walk(words: Sequence[str], table: dict[str, Any]) -> _Place:
    place = _Place(table)
    for word in words:
        if place.awaiting is not None:
            _enter(word if place.awaiting == "folders" and place.entry is table else "")
            place.awaiting = None
        elif word.startswith("-"):
            name, equals, value = word.lstrip("-").partition("=")
            kind = place.entry["options"].get(name, [None])[0]
            if name == "chdir":
                _enter(value)
            place.awaiting = kind if not equals else None
        elif word in place.entry.get("commands", {}):
            place.entry = place.entry["commands"][word][1]
        else:  # an argument, or no command at all: nothing more is known to follow
            place.entry = {"options": place.entry["options"]}
    return place


def _enter(folder: str) -> None:
    """Look for files and names where the command will."""
    if folder and os.path.isdir(folder):  # noqa: PTH112 - pathlib takes long to import
        os.chdir(folder)


def _options(entry: dict[str, Any], begun: str) -> Iterator[Word]:
    dashes = "--" if begun.startswith("--") else "-"
    name, equals, value = begun.lstrip("-").partition("=")
    options = entry["options"]
    if equals:
        kind = options.get(name, [None])[0]
        for word, text in _values("" if kind is None else kind, value):
            yield f"{dashes}{name}={word}", text
        return
    for option, (kind, text) in options.items():
        yield f"{dashes}{option}{'' if kind is None else '='}", text
    yield f"{dashes}help", "Show what the command takes."


def _values(kind: str | list[str], begun: str) -> Iterable[Word]:
    if isinstance(kind, list):
        return [(word, "") for word in kind]
    if kind in {"files", "folders"}:
        return _files(begun, folders_only=kind == "folders")
    if not kind:
        return ()
    from amlplan.cli.completion.names import names

    found = [(name, "") for name in names(kind)]
    if kind == "scripts":
        found += [word for word in _files(begun) if word[0].endswith((".py", "/"))]
    return found


def _files(begun: str, *, folders_only: bool = False) -> list[Word]:
    folder = os.path.dirname(begun)  # noqa: PTH120 - of text
    try:
        entries = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
    except OSError:
        return []
    name = begun[len(folder) :].lstrip("/")
    return [
        (os.path.join(folder, entry.name) + ("/" if entry.is_dir() else ""), "")  # noqa: PTH118
        for entry in entries
        if (entry.is_dir() or not folders_only)
        and (name.startswith(".") or not entry.name.startswith("."))
    ]


def print_candidates(words: Sequence[str]) -> None:
    """Print each word with what it is, a tab between them; nothing where something is wrong."""
    for word, text in candidates(words, read_table()):
        sys.stdout.write(f"{word}\t{text}\n" if text else f"{word}\n")
