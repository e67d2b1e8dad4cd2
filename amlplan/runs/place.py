"""The workspace that runs go into: its folder, history, content and whoever runs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.abilities import RunsJobs
    from amlplan.content_store import ContentStore
    from amlplan.history import History


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Where runs are kept and started; `folder` is the workspace's."""

    name: str
    folder: Path
    history: History
    content: ContentStore
    jobs: RunsJobs
    data_folder: Path
    cache_folder: Path

    def folder_of(self, run_id: str) -> Path:
        """The folder of a run."""
        return self.folder / "runs" / run_id
