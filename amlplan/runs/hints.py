"""What a failed run's log tells that its user should know."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from amlplan.runs.own_folders import rules_of

if TYPE_CHECKING:
    from pathlib import Path

_MISSING = re.compile(r"No such file or directory: (['\"])(?P<path>.+?)\1")
END = 64 * 1024
"""Bytes of the log's end that are looked at."""


def missing_file_hint(source: Path, run_folder: Path) -> str | None:
    """Why a file that the script did not find was not in its snapshot, where that is why."""
    found = [match["path"] for match in _MISSING.finditer(end_of(run_folder / "log.txt"))]
    if not found:
        return None
    path = os.path.normpath(found[-1].removeprefix(f"{run_folder / 'work'}/"))
    if path.startswith(("/", "..")) or not (source / path).exists():
        return None
    excluded = rules_of(source).explain(path)
    if excluded is None:
        return None
    otherwise = "put it elsewhere" if excluded.is_fixed else "change that rule"
    return (
        f"{path} is in {source} and was not in the snapshot: {excluded.reason}. Declare it as an "
        f'input, as in input "data" {{ path = "{path}" }}, or {otherwise}.'
    )


def end_of(path: Path) -> str:
    """The end of a log; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - END))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
