"""A run as a runconfig file alone describes it, without a block that names it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from amlplan.config.azureml.expand import expanded, told
from amlplan.config.azureml.runconfig import read_runconfig
from amlplan.planning.implied_environments import of_runconfig
from amlplan.project.configured_run import with_asked
from amlplan.project.described_run import WORKSPACE, DescribedRun, described_request
from amlplan.project.progress_handle import ProgressHandle
from amlplan.project.run_request import history_named_for
from amlplan.project.workspaces import open_workspace
from amlplan_schemas.base import Reference
from amlplan_schemas.run_config import RunConfig

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from amlplan.events import EventSink
    from amlplan.project.run_request import Asked
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunRequest


def configuration_of(path: str, workspace: str, history: str | None) -> RunConfig:
    """The block that would name a runconfig file and nothing else; named for the file."""
    address = f"{WORKSPACE}.{workspace}"
    return RunConfig(
        name=history_named_for(PurePosixPath(path)),
        workspace=Reference(address=address, kind=WORKSPACE),
        from_runconfig=path,
        **({} if history is None else {"history": history}),
    )


def runconfig_request(
    path: str,
    asked: Asked,
    history: str | None,
    root: Path,
    progress: EventSink,
    stop: threading.Event,
) -> tuple[RunRequest, RunPlace, tuple[str, ...]]:
    """The run that a runconfig file describes, where it goes, and what its user should know.

    Builds the environment that it needs, and locks what is not locked yet. Raises AmlplanError.
    """
    place = open_workspace(None, root)
    block = configuration_of(path, place.name, asked.history or history)
    config, remarks = expanded(block, root)
    implied = of_runconfig(read_runconfig(root, path), root)
    run = DescribedRun(with_asked(config, asked), implied, path)
    request, notes = described_request(run, place, root, ProgressHandle(path, progress, stop))
    return request, place, (*map(told, remarks), *notes)
