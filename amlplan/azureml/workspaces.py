"""The workspace of a folder as an object, and its histories."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.azureml.described import Described
from amlplan.azureml.runs import Run
from amlplan.errors import RunError
from amlplan.project.described_run import described_request
from amlplan.project.progress_handle import ProgressHandle
from amlplan.project.workspaces import history_of_folder, open_workspace
from amlplan.runs.due import bring_up_to_date
from amlplan.runs.launch import launch

if TYPE_CHECKING:
    from amlplan.events import EventSink
    from amlplan.runs.place import RunPlace


def _ignore(_event: object) -> None:
    """Take an event that nobody asked for."""


class Workspace:
    """The workspace that runs of a folder go into; calls raise AmlplanError."""

    def __init__(self, root: Path, place: RunPlace) -> None:
        self.root, self._place = root, place

    @classmethod
    def from_config(cls, path: str | Path = ".", name: str | None = None) -> Workspace:
        """The workspace of a name among those applied in a folder, or that without saying."""
        root = Path(path).resolve()
        if not root.is_dir():
            raise RunError("The folder is missing", f"There is no folder {root}.")
        return cls(root, open_workspace(name, root))

    @property
    def name(self) -> str:
        """What it is called."""
        return self._place.name

    def submit(
        self, config: Described, history: str | None = None, *, emit: EventSink = _ignore
    ) -> Run:
        """Start a run; returns when its supervisor took it over, and it needs this process no more.

        Builds the environment that it needs first, which may take long and is told to `emit`.
        """
        root, place = self.root, self._place
        if not isinstance(config, Described):
            raise RunError(
                "Nothing that can be run",
                f"{config!r} is no configuration of a run. Submit a RunConfiguration, a "
                "ScriptRunConfig or an estimator.",
            )
        wanted = history or history_of_folder(root)
        run, remarks = config.described(f"workspace.{place.name}", wanted, root)
        handle = ProgressHandle(run.origin, emit, threading.Event())
        request, notes = described_request(run, place, root, handle)
        started = launch(request, place, root)
        return Run(started.id, place, notes=(*remarks, *notes))

    def run(self, reference: str) -> Run:
        """A run by its id, or `latest`."""
        bring_up_to_date(self._place)
        return Run(self._place.history.run(reference).summary.id, self._place)

    def runs(self, history: str | None = None) -> list[Run]:
        """The runs of a history, or all, newest first; children are with their parents."""
        bring_up_to_date(self._place)
        found = self._place.history.runs(history)
        return [Run(item.id, self._place) for item in found]


class Experiment:
    """A history of a workspace, under Azure ML's name for it."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace, self.name = workspace, name

    def submit(self, config: Described) -> Run:
        """Start a run in this history; as `Workspace.submit`."""
        return self.workspace.submit(config, history=self.name)

    def get_runs(self) -> list[Run]:
        """Its runs, newest first."""
        return self.workspace.runs(self.name)
