"""The network of a compute target: its own, or one that somebody else made and that is used."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from amlplan.errors import ProviderError
from amlplan_docker.engine.failures import ConflictError, NotThereError
from amlplan_docker.labels import ADDRESS, IDENTITY, LINEAGE, NETWORK, ROLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Desired, OperationHandle
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import NetworkSeen
    from amlplan_schemas.state import Record

_WITHOUT_NAMES = frozenset({"bridge", "host", "none"})
"""Networks of every engine in which containers do not find each other by name."""


def wanted_name(values: Mapping[str, Any]) -> str:
    """The name that the block's network has, or would have first."""
    return str(values.get("network") or f"amlplan-{values['name']}")


def own_network(engine: Engine, identity: str) -> NetworkSeen | None:
    """The network that was made for a block; the oldest, should there be more."""
    found = engine.networks({IDENTITY: identity, ROLE: NETWORK})
    return found[0] if found else None


def network_of_record(record: Record, engine: Engine) -> NetworkSeen | None:
    """The network that was recorded, or one of its name that took its place."""
    return engine.network(str(record.outputs.values.get("network_name", "")))


def ensured_network(engine: Engine, desired: Desired) -> NetworkSeen:
    """The network of a block, made where there is none; may be repeated."""
    given = desired.inputs.network
    if given in _WITHOUT_NAMES:
        raise ProviderError(
            "The network cannot be used",
            f"Containers do not find each other by name in {given}. Name another one in `network`, "
            "or leave it out for one of its own.",
            address=desired.address,
        )
    seen = own_network(engine, desired.identity)
    if seen is not None:
        return seen
    name = wanted_name({"network": given, "name": desired.inputs.name})
    seen = engine.network(name)
    if seen is not None and given is None:  # of another project, whose block is called the same
        name = f"{name}-{hashlib.sha256(desired.identity.encode()).hexdigest()[:8]}"
        seen = engine.network(name)
    return seen or _made(engine, name, desired)


def remove_own_network(engine: Engine, identity: str, operation: OperationHandle) -> None:
    """Remove what was made for a block; it stays, and that is told, while something is on it."""
    for network in engine.networks({IDENTITY: identity, ROLE: NETWORK}):
        if network.containers:
            on_it = ", ".join(sorted(network.containers.values()))
            operation.progress(f"network {network.name} stays: {on_it} is on it")
            continue
        try:
            engine.remove_network(network.id)
        except NotThereError:
            continue
        except ConflictError as failure:  # something came meanwhile
            operation.progress(f"network {network.name} stays: {failure.detail}")


def _made(engine: Engine, name: str, desired: Desired) -> NetworkSeen:
    labels = {
        IDENTITY: desired.identity,
        LINEAGE: desired.identity.partition("/")[0],
        ADDRESS: desired.address,
        ROLE: NETWORK,
    }
    try:
        return engine.create_network(name, labels)
    except ConflictError:
        seen = engine.network(name)  # somebody made it at the same moment
        if seen is None:
            raise
        return seen
