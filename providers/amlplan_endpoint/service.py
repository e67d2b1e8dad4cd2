"""What the routes of one run share: its recording, its files, its workspace."""

from __future__ import annotations

import fcntl
import os
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan_endpoint.children import Children
from amlplan_endpoint.parts import remove_parts
from amlplan_endpoint.recording import Recording
from amlplan_local.run_service import SERVICE_LOCK

if TYPE_CHECKING:
    from amlplan.history import History
    from amlplan_endpoint.model_registry import ModelRegistry
    from amlplan_endpoint.run_record import RunRecord
    from amlplan_local.store import ContentStore


class Service:
    """One run's service, as its supervisor describes it.

    `folder` is the run's own, `work` the folder in which its script runs. What takes long to
    import is imported when a script first needs it.
    """

    def __init__(self, task: dict[str, Any]) -> None:
        self.run_id = str(task["run"])
        self.token = str(task["token"])
        self.folder = Path(task["folder"])
        self.work = self.folder / "work"
        self.workspace = self.folder.parent.parent
        self._store, self._cache = Path(task["store"]), Path(task["cache"])
        self._lock = os.open(
            self.folder / SERVICE_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
        )
        fcntl.flock(self._lock, fcntl.LOCK_EX)  # one that was killed before has let go of it
        remove_parts(self.folder)
        self.recording = Recording(self.run_id, self.folder)
        self.recording.refresh()
        self.children = Children(self.recording)
        self.past: dict[str, list[RunRecord]] = {}
        """Earlier runs that ended, each with its children, as they were when first looked at."""
        self.experiment = ""
        """What the script called its experiment last."""
        self.said: dict[str, str] = {}
        """What the script said last of how each run stands."""
        self.lock = threading.RLock()

    @cached_property
    def content(self) -> ContentStore:
        """The workspace's content."""
        from amlplan_local.store import ContentStore

        return ContentStore(self._store, self._cache)

    @property
    def cache_folder(self) -> Path:
        """A folder that may be deleted at any time."""
        return self._cache

    @cached_property
    def models(self) -> ModelRegistry:
        """The workspace's registered models."""
        from amlplan_endpoint.model_registry import ModelRegistry

        return ModelRegistry(self._store / "models", self.content, self._cache)

    @cached_property
    def history(self) -> History:
        """The workspace's history; raises HistoryError where it cannot be opened."""
        from amlplan.project.folders import provider_context

        return provider_context(self.work).open_history(self.workspace)

    @property
    def history_name(self) -> str:
        """The history that the run goes into."""
        return self.recording.run(self.run_id).history or "runs"

    def close(self) -> None:
        """Let go of what is open; the run's outputs may be collected after that."""
        self.recording.close()
        os.close(self._lock)
