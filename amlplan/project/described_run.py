"""A run that no block describes: a runconfig file by itself, or an object of a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.abilities import BuildsEnvironments
from amlplan.errors import RunError
from amlplan.lockfile import read_lock
from amlplan.project.folders import provider_context
from amlplan.project.implied_interpreter import Builder, Built, built
from amlplan.project.run_data import data_of
from amlplan.project.run_request import python_on_path
from amlplan.project.workspaces import has_configuration
from amlplan.provider import has
from amlplan.registry import Registry
from amlplan.runs.distribution import check_here
from amlplan.runs.request import request_of
from amlplan_schemas.state import Record, Tree

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.planning.implied_environments import ImpliedEnvironment
    from amlplan.provider import OperationHandle
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunData, RunRequest
    from amlplan_schemas.run_config import RunConfig

WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class DescribedRun:
    """A run configuration in full, the environment that it implies, and where it came from."""

    config: RunConfig
    implied: ImpliedEnvironment | None
    origin: str


def described_request(
    run: DescribedRun, place: RunPlace, root: Path, handle: OperationHandle
) -> tuple[RunRequest, tuple[str, ...]]:
    """What is asked of it, and what its user should know.

    Builds the environment that it needs, and locks what is not locked yet. Raises AmlplanError.
    """
    config = run.config
    here = check_here(config)
    found = _interpreter(run, place, root, handle)
    definition = {
        "run_config": config.name,
        "configuration": config.model_dump(mode="json"),
        **({} if config.from_runconfig is None else {"runconfig": config.from_runconfig}),
        **({} if config.target is None else {"target": config.target.address}),
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
        data=_data(config, root),
    )
    return request, (*here, *found.notes)


def _data(config: RunConfig, root: Path) -> RunData | None:
    """Where data in datastores lies; None where the run names no datastore."""
    named = [item.datastore for item in config.input.values()]
    named += [item.datastore for item in config.output.values()]
    if not any(named):
        return None
    records = {item.address: _record(item.address, root) for item in named if item is not None}
    return data_of(config, records)


def _interpreter(run: DescribedRun, place: RunPlace, root: Path, handle: OperationHandle) -> Built:
    registry = Registry(provider_context(root))
    workspace = _record_of(place)
    if run.config.environment is not None:
        return _applied(run.config.environment.address, workspace, registry, root, handle)
    if run.implied is None:
        return Built(python_on_path())
    lock = read_lock(root)
    builder = Builder(root, registry, lock, workspace, handle, fills_lock=True)
    return built(run.implied, run.origin, builder)


def _applied(
    address: str, workspace: Record, registry: Registry, root: Path, handle: OperationHandle
) -> Built:
    """The interpreter of an environment block, as it was last applied."""
    record = _record(address, root)
    provider = registry.provider(record.kind)
    if not has(provider, BuildsEnvironments):
        raise RunError("The environment cannot be built", f"{record.kind} builds none here.")
    targets = {WORKSPACE: workspace}
    interpreter = provider.build(record, targets, record.inputs.values, handle)
    return Built(interpreter, str(record.outputs.values["digest"]))


def _record(address: str, root: Path) -> Record:
    """A block as it was last applied; raises RunError where it never was."""
    from amlplan.project.opening import read_state

    state = read_state(root) if has_configuration(root) else None
    record = None if state is None else state.records.get(address)
    if record is None or not record.outputs.values:
        raise RunError(
            "Not applied yet",
            f"The run needs {address}, which was never applied. Run: amlplan apply",
            address=address,
        )
    return record


def _record_of(place: RunPlace) -> Record:
    """The workspace as those see it that keep something there."""
    return Record(
        address=f"{WORKSPACE}.{place.name}",
        kind=WORKSPACE,
        name=place.name,
        generation=1,
        identity=str(place.folder),
        provider="local",
        outputs=Tree(values={"path": str(place.folder)}),
    )
