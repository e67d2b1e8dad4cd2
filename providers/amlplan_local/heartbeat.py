"""Signs of life of a supervisor: a file that it touches now and then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = "heartbeat"
EVERY = 5.0
"""Seconds between two signs."""
SILENT = 30.0
"""Seconds without one after which a supervisor does not respond."""


def beat(folder: Path) -> None:
    """Give a sign of life; raises OSError."""
    folder.joinpath(NAME).touch()


def is_silent(folder: Path) -> bool:
    """Whether the last sign of life was long ago; False where nobody ever gave one."""
    try:
        return time.time() - folder.joinpath(NAME).stat().st_mtime > SILENT
    except OSError:
        return False
