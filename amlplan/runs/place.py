"""The workspace that runs go into: its folder, history, content and whoever runs them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.abilities import RunsJobs
    from amlplan.content_store import ContentStore
    from amlplan.history import History

_CHILD = re.compile(r"(\.\d+)+$")


def root_of(run_id: str) -> str:
    """The run in whose folder a run is kept: itself, or what a child belongs to."""
    return _CHILD.sub("", run_id)


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Where runs are kept and started; `folder` is the workspace's.

    `is_implicit` tells that no block describes it: it is the one that a folder has of its own.
    """

    name: str
    folder: Path
    history: History
    content: ContentStore
    jobs: RunsJobs
    data_folder: Path
    cache_folder: Path
    is_implicit: bool = False

    def folder_of(self, run_id: str) -> Path:
        """The folder of a run, or of what a child belongs to."""
        return self.folder / "runs" / root_of(run_id)
