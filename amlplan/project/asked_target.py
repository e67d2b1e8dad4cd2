"""The target that a command line asks for, as it was last applied."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.abilities import RunsJobs, Share
from amlplan.addresses import block_type_of
from amlplan.containers import RunsInContainers
from amlplan.errors import RunError
from amlplan.planning.observe import targets_of
from amlplan.project.connected import connected_state
from amlplan.project.folders import provider_context
from amlplan.project.opening import read_state
from amlplan.project.workspaces import has_configuration
from amlplan.provider import Present, Unreachable, has
from amlplan.registry import Registry
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.runs.request import RunRequest
    from amlplan_schemas.state import Record, State

COMPUTE = "compute"


def target_named(name: str, state: State | None) -> Record:
    """The applied target of a name or address; raises RunError where there is none."""
    records = state.records.values() if state is not None else ()
    targets = [
        item for item in records if block_type_of(item.kind) == COMPUTE and item.outputs.values
    ]
    for target in targets:
        if name in (target.name, target.address):
            return target
    known = [target.name for target in targets]
    raise RunError(
        "No such target",
        f"There is no compute target {name}; applied here: {', '.join(sorted(known)) or 'none'}."
        f"{suggestion(name, known)} Apply it, or leave out -on to run on this host.",
    )


def on_target(request: RunRequest, name: str, root: Path) -> RunRequest:
    """A request for another target than its configuration says; raises RunError.

    The target has to be applied, and to have what the run needs.
    """
    state = connected_state(read_state(root), root) if has_configuration(root) else None
    target = target_named(name, state)
    records = state.records if state is not None else {}
    registry = Registry(provider_context(root))
    check_target(target, records, registry)
    if request.container is None and has(registry.provider(target.kind), RunsInContainers):
        raise RunError(
            "A container needs an environment",
            f"{target.address} runs scripts in containers, whose image is made of an environment. "
            "Describe the run in a run_config that names one, then run that.",
        )
    share = share_of(target, request.needs.get("gpus", 0))
    return replace(
        request, share=share, definition={**request.definition, "target": target.address}
    )


def check_target(target: Record, records: Mapping[str, Record], registry: Registry) -> None:
    """Raise RunError where a target cannot run anything, or cannot be reached."""
    provider = registry.provider(target.kind)
    observed = provider.read(target, targets_of(target, records))
    if not has(provider, RunsJobs) and not has(provider, RunsInContainers):
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


def share_of(target: Record, gpus: int) -> Share:
    """What a run that needs so many GPUs takes of a target while others run there too."""
    facts = target.outputs.values.get("facts") or {}
    return Share(
        target=target.name,
        max_runs=target.inputs.values.get("max_runs"),
        gpus=gpus,
        gpu_count=facts.get("gpus") or 0,
    )
