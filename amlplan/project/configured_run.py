"""A run as a block run_config describes it: resolved, checked, its environment built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.abilities import BuildsEnvironments, Share
from amlplan.config.azureml.attached import attached_history
from amlplan.errors import RunError
from amlplan.planning.implied_environments import implied_environment
from amlplan.planning.locking import revealed
from amlplan.planning.observe import targets_of
from amlplan.project.asked_target import check_target, share_of, target_named
from amlplan.project.connected import connected_state
from amlplan.project.container_run import (
    check_room,
    container_of,
    containers_for,
    engine_record,
    told_container,
)
from amlplan.project.implied_interpreter import Builder, Built, built
from amlplan.project.progress_handle import ProgressHandle
from amlplan.project.run_data import data_of
from amlplan.project.run_request import RUN_CONFIG, python_on_path
from amlplan.project.told_datastores import told_datastores
from amlplan.project.workspaces import place_of
from amlplan.provider import has
from amlplan.runs.distribution import check_here
from amlplan.runs.request import needs_of, request_of
from amlplan.runs.resolve import Applied, incomplete, resolve_config, without_secrets

if TYPE_CHECKING:
    import threading

    from amlplan.events import EventSink
    from amlplan.project.opening import OpenProject
    from amlplan.project.run_request import Asked
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunRequest
    from amlplan.runs.resolve import ResolvedConfig
    from amlplan_schemas.run_config import RunConfig
    from amlplan_schemas.state import Record


def configured(
    address: str, asked: Asked, project: OpenProject, progress: EventSink, stop: threading.Event
) -> tuple[RunRequest, RunPlace, tuple[str, ...]]:
    """The run that the block at an address describes, where it goes, and what its user should know.

    Builds the environment that it needs. Raises AmlplanError.
    """
    state = project.backend.reader().read()
    applied = Applied(project.evaluation, project.registry, project.secrets, project.lock, state)
    resolved = resolve_config(address, applied)
    config = with_asked(resolved.config, asked)
    if config.history is None:
        config = config.model_copy(
            update={"history": attached_history(project.root, project.configuration)}
        )
    workspace = resolved.records.get(config.workspace.address)
    if workspace is None:
        raise RunError(
            "A workspace of others",
            f"{config.workspace.address} is attached: its history is read here, never written. "
            "Let the run belong to a workspace that this configuration manages.",
        )
    place = place_of(workspace, project.registry)
    target = None if config.target is None else resolved.records[config.target.address]
    if target is not None:
        check_target(target, resolved.records, project.registry)
    elif asked.on is not None:
        target = target_named(asked.on, connected_state(state, project.root))
    containers = containers_for(config, target, project.registry)
    here = check_here(config, in_container=containers is not None)
    handle = ProgressHandle(address, progress, stop)
    container = None
    if containers is None:
        _check_resources(config, place)
        interpreter = _interpreter(resolved, config, project, handle)
    else:
        engine = engine_record(target, project.registry)
        check_room(containers, engine, config, needs_of(config))
        container = container_of(containers, engine, resolved, config, project, handle)
        interpreter = Built(container.interpreter, _digest_of(resolved, config))
    variables, secrets = _variables(resolved, config, project)
    request = request_of(
        config,
        project.root,
        interpreter.interpreter,
        secret_names=resolved.secret_names,
        variables=variables,
        secrets=secrets,
        definition={
            **_definition(address, config, resolved, interpreter.digest),
            "datastores": told_datastores(
                state, config.workspace.address, has_folders=container is None
            ),
            **({} if container is None else told_container(container)),
        },
        data=data_of(config, resolved.records),
        share=_share(config, target),
        container=container,
    )
    return request, place, (*resolved.notes, *here, *interpreter.notes)


def with_asked(config: RunConfig, asked: Asked) -> RunConfig:
    """The configuration with what the command line says in place of it."""
    changes = {
        "parameters": {**config.parameters, **asked.parameters},
        "arguments": (*config.arguments, *asked.arguments),
        "history": asked.history or config.history,
        "target": config.target if asked.on is None else None,  # that one is looked at instead
    }
    return config.model_copy(update=changes)


def _check_resources(config: RunConfig, place: RunPlace) -> None:
    """Raise RunError where the target lacks what the run needs."""
    lacking = place.jobs.lacking(needs_of(config))
    if lacking:
        where = config.target.address if config.target is not None else "this host"
        raise RunError(
            "The target has too little",
            f"{where} cannot run {config.name}: {'; '.join(lacking)}. Ask for less in resources, "
            "or run it elsewhere.",
        )


def _share(config: RunConfig, target: Record | None) -> Share:
    """What the run takes of its target while others run there too."""
    gpus = config.resources.gpus or 0
    return Share(gpus=gpus) if target is None else share_of(target, gpus)


def _digest_of(resolved: ResolvedConfig, config: RunConfig) -> str | None:
    """The digest of the run's environment, as it was applied."""
    if config.environment is None:
        return None
    return str(resolved.records[config.environment.address].outputs.values["digest"])


def _interpreter(
    resolved: ResolvedConfig, config: RunConfig, project: OpenProject, handle: ProgressHandle
) -> Built:
    """The interpreter of the run's environment, built where it is missing."""
    if config.environment is None:
        return _implied(resolved, config, project, handle)
    address = config.environment.address
    record = resolved.records[address]
    provider = project.registry.provider(record.kind)
    if not has(provider, BuildsEnvironments):
        raise RunError("The environment cannot be built", f"{record.kind} builds none here.")
    interpreter = provider.build(
        record,
        targets_of(record, resolved.records),
        revealed(resolved.wanted[address], project.secrets).values,
        handle,
    )
    return Built(interpreter, str(record.outputs.values["digest"]))


def _implied(
    resolved: ResolvedConfig, config: RunConfig, project: OpenProject, handle: ProgressHandle
) -> Built:
    """The interpreter that an estimator or a runconfig file asks for, else that on the PATH."""
    block = resolved.block
    implied = implied_environment(block.kind, resolved.checked.values, project.root)
    if implied is None:
        return Built(python_on_path())
    workspace = resolved.records[config.workspace.address]
    builder = Builder(project.root, project.registry, project.lock, workspace, handle)
    return built(implied, block.address, builder)


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


def _definition(
    address: str, config: RunConfig, resolved: ResolvedConfig, digest: str | None
) -> dict[str, object]:
    """What history keeps of the configuration: everything but the secrets, which are null."""
    values = resolved.checked.values
    if resolved.is_expanded:
        values = without_secrets(config.model_dump(mode="json"), resolved.checked)
    expanded = {
        **values,
        "parameters": dict(config.parameters),
        "arguments": list(config.arguments),
        "history": config.history,
    }
    if config.webhook is not None:  # a plain address may hold a token too
        expanded["webhook"] = {"url": None, "on": list(config.webhook.on)}
    name = address.removeprefix(f"{RUN_CONFIG}.").removeprefix("estimator.")
    definition: dict[str, object] = {RUN_CONFIG: name, "configuration": expanded}
    if config.from_runconfig is not None:
        definition["runconfig"] = config.from_runconfig
    if config.target is not None:
        definition["target"] = config.target.address
    if digest is not None:
        definition["environment"] = digest
    return definition
