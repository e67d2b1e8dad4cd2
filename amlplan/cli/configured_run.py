"""A run as a block run_config describes it: resolved, checked, its environment built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.abilities import BuildsEnvironments, RunsJobs, Share
from amlplan.cli.progress import ProgressHandle
from amlplan.cli.run_request import RUN_CONFIG, python_on_path
from amlplan.cli.workspaces import place_of
from amlplan.errors import RunError
from amlplan.planning.locking import revealed
from amlplan.planning.observe import targets_of
from amlplan.provider import Present, Unreachable, has
from amlplan.runs.request import request_of
from amlplan.runs.resolve import Applied, incomplete, resolve_config
from amlplan_schemas.base import bytes_of

if TYPE_CHECKING:
    import threading

    from amlplan.cli.progress import Progress
    from amlplan.cli.run_request import Asked
    from amlplan.project.opening import OpenProject
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunRequest
    from amlplan.runs.resolve import ResolvedConfig
    from amlplan_schemas.run_config import RunConfig
    from amlplan_schemas.state import Record


def configured(
    address: str, asked: Asked, project: OpenProject, progress: Progress, stop: threading.Event
) -> tuple[RunRequest, RunPlace, tuple[str, ...]]:
    """The run that the block at an address describes, where it goes, and what its user should know.

    Builds the environment that it needs. Raises AmlplanError.
    """
    state = project.backend.reader().read()
    applied = Applied(project.evaluation, project.registry, project.secrets, project.lock, state)
    resolved = resolve_config(address, applied)
    config = _with_asked(resolved.config, asked)
    workspace = resolved.records.get(config.workspace.address)
    if workspace is None:
        raise RunError(
            "A workspace of others",
            f"{config.workspace.address} is attached: its history is read here, never written. "
            "Let the run belong to a workspace that this configuration manages.",
        )
    place = place_of(workspace, project.registry)
    if config.target is not None:
        _check_target(resolved.records[config.target.address], resolved, project)
    _check_resources(config, place)
    interpreter = _interpreter(resolved, config, project, progress, stop)
    variables, secrets = _variables(resolved, config, project)
    request = request_of(
        config,
        project.root,
        interpreter,
        secret_names=resolved.secret_names,
        variables=variables,
        secrets=secrets,
        definition=_definition(address, config, resolved),
        share=_share(config, resolved),
    )
    return request, place, resolved.notes


def _with_asked(config: RunConfig, asked: Asked) -> RunConfig:
    """The configuration with what the command line says in place of it."""
    changes = {
        "parameters": {**config.parameters, **asked.parameters},
        "arguments": (*config.arguments, *asked.arguments),
        "history": asked.history or config.history,
    }
    return config.model_copy(update=changes)


def _check_target(target: Record, resolved: ResolvedConfig, project: OpenProject) -> None:
    """Raise RunError where a target cannot run anything, or cannot be reached."""
    provider = project.registry.provider(target.kind)
    observed = provider.read(target, targets_of(target, resolved.records))
    if not has(provider, RunsJobs):
        raise RunError(
            "The target runs nothing",
            f"{target.address} is a {target.kind}, whose provider does not run scripts. Choose "
            "another target.",
            address=target.address,
        )
    if not isinstance(observed, Present):
        why = observed.reason if isinstance(observed, Unreachable) else "it is gone"
        raise RunError(
            "The target cannot be used",
            f"{target.address}: {why}. Run: amlplan plan",
            address=target.address,
        )


def _check_resources(config: RunConfig, place: RunPlace) -> None:
    """Raise RunError where the target lacks what the run needs."""
    resources = config.resources
    needed = {
        "cpus": resources.cpus,
        "memory": None if resources.memory is None else bytes_of(resources.memory),
        "gpus": resources.gpus,
        "disk_free": None if resources.disk is None else bytes_of(resources.disk),
    }
    lacking = place.jobs.lacking({name: value for name, value in needed.items() if value})
    if lacking:
        where = config.target.address if config.target is not None else "this host"
        raise RunError(
            "The target has too little",
            f"{where} cannot run {config.name}: {'; '.join(lacking)}. Ask for less in resources, "
            "or run it elsewhere.",
        )


def _share(config: RunConfig, resolved: ResolvedConfig) -> Share:
    """What the run takes of its target while others run there too."""
    gpus = config.resources.gpus or 0
    if config.target is None:
        return Share(gpus=gpus)
    target = resolved.records[config.target.address]
    facts = target.outputs.values.get("facts") or {}
    return Share(
        target=target.name,
        max_runs=target.inputs.values.get("max_runs"),
        gpus=gpus,
        gpu_count=facts.get("gpus") or 0,
    )


def _interpreter(
    resolved: ResolvedConfig,
    config: RunConfig,
    project: OpenProject,
    progress: Progress,
    stop: threading.Event,
) -> str:
    """The interpreter of the run's environment, built where it is missing."""
    if config.environment is None:
        return python_on_path()
    address = config.environment.address
    record = resolved.records[address]
    provider = project.registry.provider(record.kind)
    if not has(provider, BuildsEnvironments):
        raise RunError("The environment cannot be built", f"{record.kind} builds none here.")
    return provider.build(
        record,
        targets_of(record, resolved.records),
        revealed(resolved.wanted[address], project.secrets).values,
        ProgressHandle(address, progress, stop),
    )


def _variables(
    resolved: ResolvedConfig, config: RunConfig, project: OpenProject
) -> tuple[dict[str, str], dict[str, str]]:
    """The variables of the run's environment: those that are no secrets, and those that are."""
    if config.environment is None:
        return {}, {}
    address = config.environment.address
    recorded = resolved.records[address].inputs.values.get("variables") or {}
    plain = {name: value for name, value in recorded.items() if value is not None}
    if len(plain) == len(recorded):
        return plain, {}
    shown = revealed(resolved.wanted[address], project.secrets).values.get("variables")
    if not isinstance(shown, dict):
        raise incomplete(address, project.secrets)
    return plain, {name: shown[name] for name in recorded if name not in plain and name in shown}


def _definition(address: str, config: RunConfig, resolved: ResolvedConfig) -> dict[str, object]:
    """What history keeps of the configuration: everything but the secrets, which are null."""
    expanded = {
        **resolved.checked.values,
        "parameters": dict(config.parameters),
        "arguments": list(config.arguments),
        "history": config.history,
    }
    name = address.removeprefix(f"{RUN_CONFIG}.")
    definition: dict[str, object] = {RUN_CONFIG: name, "configuration": expanded}
    if config.target is not None:
        definition["target"] = config.target.address
    if config.environment is not None:
        record = resolved.records[config.environment.address]
        definition["environment"] = record.outputs.values["digest"]
    return definition
