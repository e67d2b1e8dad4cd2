"""Where the files of one state are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class StatePaths:
    """The state file, with links resolved, and what lies beside it."""

    state: Path

    @property
    def folder(self) -> Path:
        """Where all of them are."""
        return self.state.parent

    @property
    def journal(self) -> Path:
        """What happened since the state file was written."""
        return self._beside(".journal")

    @property
    def lock(self) -> Path:
        """What a writer locks; it is never removed."""
        return self._beside(".lock")

    @property
    def history(self) -> Path:
        """The folder of earlier state files."""
        return self._beside(".history")

    @property
    def unfinished(self) -> Path:
        """The next state file while it is being written; a left-over of it means nothing."""
        return self._beside(".new")

    def _beside(self, suffix: str) -> Path:
        return self.state.with_name(self.state.name + suffix)
