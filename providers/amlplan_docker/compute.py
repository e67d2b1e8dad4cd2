"""The compute target that is a Docker engine, with a network that its containers are in."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import ProviderError, UnreachableError
from amlplan.provider import Imported, Kind, Listed, Missing, Present, Refinement, Unreachable
from amlplan_docker.compute_network import (
    ensured_network,
    network_of_record,
    own_network,
    remove_own_network,
    wanted_name,
)
from amlplan_docker.compute_use import refuse_while_in_use
from amlplan_docker.labels import IDENTITY, NETWORK, ROLE
from amlplan_docker.reaching import engine_of, engine_through
from amlplan_docker.run_containers import RunsOnEngine
from amlplan_schemas.compute import DockerCompute as ComputeInputs
from amlplan_schemas.compute import DockerComputeOutputs, DockerFacts
from amlplan_schemas.state import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amlplan.provider import (
        Desired,
        Draft,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Targets,
    )
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import EngineFacts, NetworkSeen
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


class DockerCompute(RunsOnEngine):
    """Attaches an engine, and makes the network where there is none of its name.

    Facts are looked at by create and update and never compared.
    """

    kind = Kind("docker", ComputeInputs, DockerComputeOutputs)

    def __init__(self, context: ProviderContext) -> None:
        super().__init__(context)
        self._context = context

    def read(self, record: Record, targets: Targets) -> Observed:
        """Whether it is the engine that was recorded, and which network is there now."""
        identity = record.outputs.values.get("identity")
        if identity is None:
            return Present()  # only begun: create goes on with it
        try:
            with engine_of(record, self._context) as engine:
                if other := _other_engine(record, engine):
                    return Unreachable(other, is_another=True)
                network = network_of_record(record, engine)
        except UnreachableError as failure:
            return Unreachable(f"{failure.summary}. {failure.detail}")
        return Present(
            outputs={"identity": identity, "network_id": "" if network is None else network.id}
        )

    def find(self, draft: Record, targets: Targets) -> Observed:
        """Present where the network of its own is there; an engine alone is attached again."""
        try:
            with engine_of(draft, self._context) as engine:
                network = own_network(engine, draft.identity)
                if network is None:
                    return Missing()
                return Present(outputs=_outputs(engine, network))
        except UnreachableError as failure:
            return Unreachable(f"{failure.summary}. {failure.detail}")

    def list_objects(self, records: Sequence[Record]) -> Iterator[Listed]:
        """The networks that amlplan made, on every engine that the records name."""
        seen: set[str] = set()
        for record in records:
            if record.kind != "compute.docker" or not record.outputs.values:
                continue
            with engine_of(record, self._context) as engine:
                identity = engine.identity()
                if identity not in seen and _other_engine(record, engine) is None:
                    seen.add(identity)
                    for network in engine.networks({ROLE: NETWORK}):
                        yield Listed(network.name, network.labels.get(IDENTITY))

    def look_up(self, draft: Draft, targets: Targets, object_id: str) -> Imported | Missing:
        """The engine that is reached, by its id or the name of a network that it has."""
        with engine_through(draft.values.get("connection"), self._context) as engine:
            is_engine = object_id == engine.identity()
            name = wanted_name(draft.values) if is_engine else object_id
            network = engine.network(name)
            if network is None:
                return Missing()
            return Imported(
                {"network": name}, _outputs(engine, network), network.labels.get(IDENTITY)
            )

    def refine(
        self,
        draft: Draft,
        derived: object,
        prior: Record | None,
        targets: Targets,
    ) -> Refinement:
        """Look at the engine before it is attached. Raises ProviderError for one that cannot be."""
        if prior is not None or "connection" in draft.unknown:
            return Refinement()
        try:
            with engine_through(draft.values.get("connection"), self._context) as engine:
                facts = engine.facts()
        except UnreachableError as failure:
            return Refinement(note=f"{failure.summary}: {failure.detail} Apply needs it.")
        except ProviderError as failure:
            failure.address = failure.address or draft.address
            raise
        return Refinement(expected={"identity": facts.identity})

    def with_identity_of_now(self, record: Record, targets: Targets) -> Record:
        """The record with the engine that is reached in the place of the one it was made for."""
        with engine_of(record, self._context) as engine:
            now = {"identity": engine.identity()}
        outputs = Tree(values={**record.outputs.values, **now})
        return record.model_copy(update={"outputs": outputs})

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Look at the engine, and make the network where it has none of the name."""
        operation.check_cancelled()
        connection = desired.inputs.connection.model_dump(mode="json")
        with engine_through(connection, self._context) as engine:
            network = ensured_network(engine, desired)
            operation.step("network", {"name": network.name})
            return _outputs(engine, network)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Look at the engine again, and repair its network."""
        connection = desired.inputs.connection.model_dump(mode="json")
        with engine_through(connection, self._context) as engine:
            if other := _other_engine(prior, engine):
                raise ProviderError("Another Docker engine answers", other)
        return self.create(desired, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """Detach: remove the network that was made, unless something else is on it.

        Raises ProviderError while runs or deployments of this state are there.
        """
        with engine_of(prior, self._context) as engine:
            if other := _other_engine(prior, engine):
                raise ProviderError("Another Docker engine answers", other)
            refuse_while_in_use(prior, targets, engine, self._context)
            remove_own_network(engine, prior.identity, operation)


def _outputs(engine: Engine, network: NetworkSeen) -> dict[str, JsonValue]:
    facts = engine.facts()
    return {
        "identity": facts.identity,
        "facts": _told(facts).model_dump(mode="json"),
        "reachable": True,
        "network_name": network.name,
        "network_id": network.id,
    }


def _told(facts: EngineFacts) -> DockerFacts:
    return DockerFacts(
        version=facts.version,
        api_version=facts.api_version,
        os=facts.os,
        architecture=facts.architecture,
        cpus=facts.cpus,
        memory=facts.memory,
        gpus=facts.gpus,
        rootless=facts.rootless,
        storage_driver=facts.storage_driver,
        containerd_store=facts.has_containerd_store,
        disk_free=facts.disk_free,
    )


def _other_engine(record: Record, engine: Engine) -> str | None:
    """What to say where another engine answers than the one that was recorded."""
    recorded, now = record.outputs.values.get("identity"), engine.identity()
    if recorded is None or recorded == now:
        return None
    return (
        f"recorded on the engine {recorded}, and {engine.address.url} is {now}. Correct "
        f"`connection`; or, if it took the place of that one, -accept-identity={record.address}."
    )
