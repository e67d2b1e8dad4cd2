"""The folders that a run has of its own; what lies there in its source is no part of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from amlplan.files import failure_at
from amlplan.snapshots.ignore import IgnoreRules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN_FOLDERS = ("outputs", "logs")
"""What a script finds in its working folder, empty, to put what is to be kept."""


def rules_of(source: Path) -> IgnoreRules:
    """Which files of a source folder a run does not get."""
    return IgnoreRules(source, frozenset(OWN_FOLDERS))


def notes_on(source: Path) -> Iterator[str]:
    """Say where a source has something that is left out only because the place is the run's own.

    Raises AmlplanError for what cannot be read.
    """
    rules = IgnoreRules(source)
    found = [name for name in OWN_FOLDERS if _holds_something(rules, name)]
    if found:
        names = " and ".join(f"{name}/" for name in found)
        yield (
            f"What is in {names} is left out of the snapshot, or it would be kept as if the run "
            "had made it. What the script needs of it belongs elsewhere."
        )


def _holds_something(rules: IgnoreRules, name: str) -> bool:
    """Whether the ignore files alone would let something at a place into a snapshot."""
    place = rules.source / name
    try:
        if place.is_dir() and not place.is_symlink():
            return any(rules.explain(f"{name}/{item.name}") is None for item in place.iterdir())
        return os.path.lexists(place) and rules.explain(name) is None
    except OSError as failure:
        raise failure_at(place, "read", failure) from failure
