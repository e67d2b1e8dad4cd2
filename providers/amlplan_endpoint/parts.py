"""Files that are being sent, beside the working folder, where they would be collected by halves."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PARTS = "parts"


def new_part(folder: Path) -> Path:
    """A path for a file that is to come, in the folder of a run; raises OSError."""
    parts = folder / PARTS
    parts.mkdir(exist_ok=True)
    return parts / os.urandom(12).hex()


def remove_parts(folder: Path) -> None:
    """Remove what a server left that was killed."""
    with suppress(OSError):
        for path in (folder / PARTS).iterdir():
            path.unlink()
