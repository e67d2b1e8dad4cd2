"""Amounts, lists of names and suggestions, as sentences have them."""

from __future__ import annotations

import difflib
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FEW = 3
"""Names that a line takes."""


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A number and its noun, as in `1 file` and `1,200 files`."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def in_shell(address: str) -> str:
    """An address as a command line of a shell takes it: in quotes where a key needs them."""
    return shlex.quote(address)


def few(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    if len(names) <= FEW:
        return ", ".join(names)
    return f"{', '.join(names[:FEW])} and {len(names) - FEW} more"


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Which names came, went, and stand for something else; empty where none does."""
    kinds = {
        "changed": [name for name in after if name in before and before[name] != after[name]],
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
    }
    return "; ".join(f"{few(sorted(names))} {kind}" for kind, names in kinds.items() if names)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is much like another, if there is one."""
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return near[0] if near else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """A sentence that names what may have been meant, or nothing."""
    near = nearest(word, known)
    return f' Did you mean "{near}"?' if near else ""
