"""What `amlplan run` is asked for: a block of the configuration, or a script as it is."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.abilities import BuildsEnvironments
from amlplan.cli.flow import ProgressHandle
from amlplan.cli.options import suggestion
from amlplan.cli.project import open_project, provider_context
from amlplan.cli.workspaces import has_configuration, implicit_place, open_workspace, place_of
from amlplan.errors import RunError
from amlplan.planning.locking import revealed
from amlplan.planning.observe import targets_of
from amlplan.provider import has
from amlplan.registry import Registry
from amlplan.runs.request import RunRequest, request_of
from amlplan.runs.resolve import Applied, resolve_config
from amlplan_schemas.base import bytes_of
from amlplan_schemas.run_config import RunConfig

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from amlplan.cli.progress import Progress
    from amlplan.cli.project import Project
    from amlplan.config.variables import Assignment
    from amlplan.runs.place import RunPlace
    from amlplan.runs.resolve import ResolvedConfig

RUN_CONFIG = "run_config"


@dataclass(frozen=True, slots=True)
class Asked:
    """A run as the command line asks for it: what replaces or completes the configuration."""

    name: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    history: str | None = None
    assignments: Sequence[Assignment] = ()


def requested(
    asked: Asked, progress: Progress, stop: threading.Event
) -> tuple[RunRequest, RunPlace, tuple[str, ...]]:
    """The run that is asked for, where it goes, and what its user should know.

    Builds the environment that it needs. Raises AmlplanError.
    """
    root = Path.cwd()
    if asked.name is not None and _is_script(asked.name, root):
        return _script(asked, root)
    if not has_configuration(root):
        raise _nothing_to_run(asked.name, [])
    project = open_project(asked.assignments)
    labels = [
        block.label
        for block in project.configuration.resources.values()
        if block.kind == RUN_CONFIG
    ]
    label = asked.name or (labels[0] if len(labels) == 1 else None)
    if label not in labels:
        raise _nothing_to_run(asked.name, labels)
    return _configured(label, asked, project, progress, stop)


def _is_script(name: str, root: Path) -> bool:
    return name.endswith(".py") or ("/" in name and (root / name).is_file())


def _nothing_to_run(name: str | None, labels: list[str]) -> RunError:
    known = ", ".join(labels) or "none"
    if name is None:
        return RunError(
            "Nothing to run",
            f"Name a run configuration or a script; configured here: {known}.",
        )
    return RunError(
        "No such run configuration",
        f"There is no run_config {name}, and no script of that name; configured here: {known}."
        f"{suggestion(name, labels)}",
    )


def _script(asked: Asked, root: Path) -> tuple[RunRequest, RunPlace, tuple[str, ...]]:
    """A script without configuration: with the Python on the PATH, as it would run by hand."""
    script = Path(str(asked.name))
    inner = script if not script.is_absolute() else _inside(script, root)
    notes: tuple[str, ...] = ()
    try:
        place = open_workspace(None)
    except RunError:
        # A configuration that was never applied does not keep a script from being run.
        place = implicit_place(root, Registry(provider_context(root)))
        notes = ("No workspace is applied here, so the run goes into one of this folder's own.",)
    history = asked.history or re.sub(r"[^a-zA-Z0-9_-]", "-", script.stem).strip("-_") or "runs"
    request = RunRequest(
        history=history,
        name=script.name,
        source=root,
        interpreter=python_on_path(),
        script=inner.as_posix(),
        arguments=asked.arguments,
        parameters=asked.parameters,
    )
    return request, place, notes


def _inside(script: Path, root: Path) -> Path:
    try:
        return script.resolve().relative_to(root.resolve())
    except ValueError:
        raise RunError(
            "The script lies elsewhere",
            f"{script} is not in {root}, of which the run gets a copy. Go to its folder first, or "
            "use -chdir.",
        ) from None


def python_on_path() -> str:
    """The interpreter that `python` means here; raises RunError where there is none."""
    for name in ("python", "python3"):
        found = shutil.which(name)
        if found is not None:
            return found
    raise RunError(
        "No Python on the PATH",
        "Neither python nor python3 is on the PATH. Install one, or give the run an environment.",
    )


def _configured(
    label: str, asked: Asked, project: Project, progress: Progress, stop: threading.Event
) -> tuple[RunRequest, RunPlace, tuple[str, ...]]:
    state = project.backend.reader().read()
    applied = Applied(project.evaluation, project.registry, project.secrets, project.lock, state)
    resolved = resolve_config(label, applied)
    config = _with_asked(resolved.config, asked)
    workspace = resolved.records.get(config.workspace.address)
    if workspace is None:
        raise RunError(
            "A workspace of others",
            f"{config.workspace.address} is attached: its history is read here, never written. "
            "Let the run belong to a workspace that this configuration manages.",
        )
    place = place_of(workspace, project.registry)
    _check_resources(config, place)
    interpreter, variables = _environment(resolved, config, project, progress, stop)
    request = request_of(
        config,
        project.root,
        interpreter,
        secret_names=resolved.secret_names,
        variables=variables,
        definition=_definition(label, config, resolved),
    )
    return request, place, resolved.notes


def _with_asked(config: RunConfig, asked: Asked) -> RunConfig:
    """The configuration with what the command line says in place of it."""
    changes = {
        "parameters": {**config.parameters, **asked.parameters},
        "arguments": (*config.arguments, *asked.arguments),
        "history": asked.history or config.history,
    }
    return RunConfig.model_validate({**dict(config), **changes})


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


def _environment(
    resolved: ResolvedConfig,
    config: RunConfig,
    project: Project,
    progress: Progress,
    stop: threading.Event,
) -> tuple[str, Mapping[str, str]]:
    """The interpreter of the run's environment, built where it is missing, and its variables."""
    if config.environment is None:
        return python_on_path(), {}
    address = config.environment.address
    record = resolved.records[address]
    provider = project.registry.provider(record.kind)
    if not has(provider, BuildsEnvironments):
        raise RunError("The environment cannot be built", f"{record.kind} builds none here.")
    state_records = resolved.records
    interpreter = provider.build(
        record,
        targets_of(record, state_records),
        revealed(resolved.wanted[address], project.secrets).values,
        ProgressHandle(address, progress, stop),
    )
    return interpreter, record.inputs.values.get("variables") or {}


def _definition(label: str, config: RunConfig, resolved: ResolvedConfig) -> dict[str, object]:
    """What history keeps of the configuration: everything but the secrets."""
    expanded = config.model_dump(mode="json")
    for name in resolved.secret_names:
        expanded["env"][name] = None
    definition: dict[str, object] = {"run_config": label, "configuration": expanded}
    if config.target is not None:
        definition["target"] = config.target.address
    if config.environment is not None:
        record = resolved.records[config.environment.address]
        definition["environment"] = record.outputs.values["digest"]
    return definition
