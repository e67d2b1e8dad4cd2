"""Whether a run is out of reach, as a file in its folder tells everybody who looks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = "away"
"""The file, which is there while the engine or the container does not respond; it says why."""


class Away:
    """Tells and takes back that a run is out of reach."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._why = ""
        self.back()

    def gone(self, why: str) -> None:
        """It does not respond."""
        if why != self._why:
            with suppress(OSError):  # a full disk
                self._path.write_text(why, encoding="utf-8")
                self._why = why

    def back(self) -> None:
        """It responds."""
        if self._why or self._path.exists():
            self._path.unlink(missing_ok=True)
        self._why = ""
