"""A run as a runconfig file alone describes it, without a block that names it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from amlplan.config.azureml.expand import expanded, told
from amlplan.config.azureml.runconfig import read_runconfig
from amlplan.lockfile import read_lock
from amlplan.planning.implied_environments import ImpliedEnvironment, of_runconfig
from amlplan.project.configured_run import with_asked
from amlplan.project.folders import provider_context
from amlplan.project.implied_interpreter import Builder, Built, built
from amlplan.project.progress_handle import ProgressHandle
from amlplan.project.run_request import python_on_path
from amlplan.project.workspaces import open_workspace
from amlplan.registry import Registry
from amlplan.runs.distribution import check_here
from amlplan.runs.request import request_of
from amlplan_schemas.base import Reference
from amlplan_schemas.run_config import RunConfig
from amlplan_schemas.state import Record, Tree

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from amlplan.events import EventSink
    from amlplan.project.run_request import Asked
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunRequest

WORKSPACE = "workspace"


def configuration_of(path: str, workspace: str, history: str | None) -> RunConfig:
    """The block that would name a runconfig file and nothing else; named for the file."""
    address = f"{WORKSPACE}.{workspace}"
    return RunConfig(
        name=PurePosixPath(path).stem,
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
    config = with_asked(config, asked)
    here = check_here(config)
    implied = of_runconfig(read_runconfig(root, path), root)
    handle = ProgressHandle(path, progress, stop)
    found = _interpreter(implied, path, place, root, handle)
    definition = {
        "run_config": config.name,
        "runconfig": path,
        "configuration": config.model_dump(mode="json"),
        **({} if found.digest is None else {"environment": found.digest}),
    }
    request = request_of(
        config,
        root,
        found.interpreter,
        secret_names=frozenset(),
        variables={},
        secrets={},
        definition=definition,
    )
    return request, place, (*map(told, remarks), *here, *found.notes)


def _interpreter(
    implied: ImpliedEnvironment | None,
    path: str,
    place: RunPlace,
    root: Path,
    handle: ProgressHandle,
) -> Built:
    if implied is None:
        return Built(python_on_path())
    registry = Registry(provider_context(root))
    workspace = Record(
        address=f"{WORKSPACE}.{place.name}",
        kind=WORKSPACE,
        name=place.name,
        generation=1,
        identity=str(place.folder),
        provider="local",
        outputs=Tree(values={"path": str(place.folder)}),
    )
    lock = read_lock(root)
    return built(implied, path, Builder(root, registry, lock, workspace, handle, fills_lock=True))
