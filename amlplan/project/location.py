"""Remembers where a project's state was, so that a changed setting does not lose it."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from amlplan.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path

_FILE = ".amlplan/location.json"


def check_location(root: Path, location: str) -> None:
    """Raise StateError where the state was elsewhere the last time it was written."""
    remembered = _remembered(root)
    if remembered is not None and remembered != location:
        raise StateError(
            "The state is configured elsewhere",
            f"The last apply kept its state in {remembered}, and the configuration now says "
            f"{location}. Move the state file, with its .journal and .history, to the new place, "
            "or put the setting back. Then run: amlplan init -reconfigure. Or copy the state: "
            f"AMLPLAN_STATE={shlex.quote(remembered)} amlplan state pull > FILE, then amlplan "
            "state push FILE",
        )


def remember_location(root: Path, location: str) -> None:
    """Note where the state is; a folder that cannot be written is no failure."""
    if _remembered(root) == location:
        return
    try:
        (root / _FILE).parent.mkdir(exist_ok=True)
        (root / _FILE).write_text(json.dumps({"state": location}) + "\n", encoding="utf-8")
    except OSError:
        return


def _remembered(root: Path) -> str | None:
    try:
        found = json.loads((root / _FILE).read_text(encoding="utf-8"))["state"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def forget_location(root: Path) -> None:
    """Accept whatever place is configured now."""
    (root / _FILE).unlink(missing_ok=True)
