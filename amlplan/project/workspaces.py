"""Opens the workspace that commands about runs and models work with."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.abilities import KeepsContent, RunsJobs
from amlplan.config.reading.files import CONFIGURATION
from amlplan.errors import RunError
from amlplan.project.folders import provider_context
from amlplan.provider import Desired, Present, Unreachable, has
from amlplan.registry import Registry
from amlplan.runs.place import RunPlace
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record

WORKSPACE, HERE = "workspace", "compute.local"


@dataclass(frozen=True, slots=True)
class _NoOperation:
    """What making an implicit workspace reports to: nobody."""

    @property
    def steps(self) -> Mapping[str, JsonValue]:
        return {}

    def step(self, name: str, data: JsonValue = None) -> None:
        """Keep nothing: making a workspace is repeated whole."""

    def progress(self, text: str) -> None:
        """Tell nobody."""

    def check_cancelled(self) -> None:
        """Go on."""


def has_configuration(root: Path) -> bool:
    """Whether a folder holds any configuration."""
    return any(next(root.glob(f"*{suffix}"), None) is not None for suffix in CONFIGURATION)


def history_of_folder(root: Path) -> str | None:
    """The history that a folder's project block or project.json names; raises ConfigError."""
    from amlplan.config.azureml.attached import attached_history
    from amlplan.config.reading.load import load

    if not has_configuration(root):
        return attached_history(root)
    return attached_history(root, load(root, Registry(provider_context(root)).block_types))


def open_workspace(name: str | None, root: Path | None = None) -> RunPlace:
    """The workspace of a name among those applied here, or the one that goes without saying.

    `root` is the project's folder, the current one unless told otherwise. Where none is applied
    that is the implicit one of this folder, made where it is missing.
    Raises RunError where none has the name, or where there are several and none by default.
    """
    root = Path.cwd() if root is None else root
    registry = Registry(provider_context(root))
    is_configured = has_configuration(root)
    applied = _applied(root) if is_configured else []
    if not applied and name is None:
        return implicit_place(root, registry)
    if not is_configured:
        raise RunError(
            "No workspace",
            f"There is no configuration in {root} that names a workspace {name}. Go to the folder "
            "of the one that does, or use -chdir; without -workspace, this is about the runs of "
            "this folder.",
        )
    return place_of(_chosen(applied, name), registry)


def _applied(root: Path) -> list[Record]:
    from amlplan.project.opening import read_state

    state = read_state(root)
    records = state.records.values() if state is not None else ()
    return [item for item in records if item.kind == WORKSPACE and item.outputs.values]


def _chosen(applied: list[Record], name: str | None) -> Record:
    names = ", ".join(sorted(record.name for record in applied)) or "none"
    if name is not None:
        found = [item for item in applied if name in (item.name, item.address)]
    elif len(applied) == 1:
        found = applied
    else:
        found = [item for item in applied if item.inputs.values.get("default") is True]
    if len(found) != 1:
        what = "that goes without saying" if name is None else f'called "{name}"'
        hint = suggestion(name or "", [record.name for record in applied])
        raise RunError(
            "No workspace",
            f"There is no workspace {what}; applied here: {names}.{hint} Apply it, or name one of "
            "these with -workspace.",
        )
    return found[0]


def place_of(workspace: Record, registry: Registry) -> RunPlace:
    """The place of a recorded workspace; raises RunError where it cannot be reached."""
    provider = registry.provider(WORKSPACE)
    observed = provider.read(workspace, {})
    if not isinstance(observed, Present):
        why = observed.reason if isinstance(observed, Unreachable) else "it is gone"
        raise RunError(
            "The workspace cannot be used",
            f"{workspace.address}: {why}. Run: amlplan plan",
            address=workspace.address,
        )
    return _place(workspace.name, workspace.outputs.values, registry)


def implicit_place(root: Path, registry: Registry) -> RunPlace:
    """The workspace of a folder without configuration, made where it is missing."""
    provider = registry.provider(WORKSPACE)
    resolved = root.resolve()
    name = re.sub(r"[^A-Za-z0-9_-]", "-", resolved.name).strip("-_")[:33]
    name = name if re.fullmatch(provider.kind.inputs.name_pattern, name) else "local"
    desired = Desired(
        address=f"{WORKSPACE}.{name}",
        kind=WORKSPACE,
        name=name,
        identity=f"implicit/{os.fspath(resolved)}",
        inputs=provider.kind.inputs.model_validate({"name": name}),
        derived={},
        targets={},
    )
    outputs = provider.create(desired, _NoOperation())
    return replace(_place(name, outputs, registry), is_implicit=True)


def _place(name: str, outputs: Mapping[str, JsonValue], registry: Registry) -> RunPlace:
    workspaces, jobs = registry.provider(WORKSPACE), registry.provider(HERE)
    folder = Path(str(outputs["path"]))
    context = registry.context
    if not has(workspaces, KeepsContent) or not has(jobs, RunsJobs):
        raise RunError(
            "Runs are not possible here",
            "The installed providers of workspace and compute.local cannot run anything. Install "
            "amlplan again.",
        )
    return RunPlace(
        name=name,
        folder=folder,
        history=context.open_history(folder),
        content=workspaces.content(outputs),
        jobs=jobs,
        data_folder=context.data_folder,
        cache_folder=context.cache_folder,
    )
