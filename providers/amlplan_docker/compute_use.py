"""Runs and deployments keep the engine that they are on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.abilities import TellsActiveRuns
from amlplan.errors import ProviderError
from amlplan.provider import has
from amlplan_docker.labels import ADDRESS, FRONT, JOB, LINEAGE, REPLICA, ROLE, RUN

if TYPE_CHECKING:
    from amlplan.provider import ProviderContext, Targets
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen
    from amlplan_schemas.state import Record


def refuse_while_in_use(
    record: Record, targets: Targets, engine: Engine, context: ProviderContext
) -> None:
    """Raise ProviderError, which names them, while runs or deployments are on the engine.

    Runs count that are in the workspace's history, or in the network, whoever started them.
    """
    runs = {*_recorded(record, targets, context), *_in_network(record, engine)}
    if runs:
        first = min(runs)
        raise ProviderError(
            "Runs are active",
            f"{', '.join(sorted(runs))} {'is' if len(runs) == 1 else 'are'} running on "
            f"{record.address}. Wait for the end, or end each: amlplan runs cancel {first}",
            address=record.address,
        )
    served = _deployments(record, engine)
    if served:
        raise ProviderError(
            "Deployments are there",
            f"{', '.join(sorted(served))} {'is' if len(served) == 1 else 'are'} served by "
            f"{record.address}. Destroy what is served first, or give it another target.",
            address=record.address,
        )


def _recorded(record: Record, targets: Targets, context: ProviderContext) -> list[str]:
    workspace = targets.get("workspace")
    path = None if workspace is None else workspace.outputs.values.get("path")
    here = context.provider_of("compute.local")  # every run has its supervisor on some host
    if path is None or not has(here, TellsActiveRuns):
        return []
    return here.active_runs(Path(str(path)), record.address)


def _in_network(record: Record, engine: Engine) -> list[str]:
    found = (each for each in engine.containers({ROLE: JOB}, all=False) if _is_on(each, record))
    return [each.labels.get(RUN, each.name) for each in found]


def _deployments(record: Record, engine: Engine) -> set[str]:
    lineage = record.identity.partition("/")[0]
    found = [
        each
        for role in (FRONT, REPLICA)
        for each in engine.containers({LINEAGE: lineage, ROLE: role})
    ]
    return {each.labels.get(ADDRESS, each.name) for each in found if _is_on(each, record)}


def _is_on(container: ContainerSeen, record: Record) -> bool:
    return record.outputs.values.get("network_name") in container.networks
