"""How this user reaches targets: what the configuration says laid over what records remember."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from amlplan.config.check import check
from amlplan.planning.want import Wanted, known_fields, resource_value
from amlplan.provider import Draft
from amlplan.values import UNKNOWN
from amlplan_schemas.base import Behaviour, marked_fields
from amlplan_schemas.state import Record, Secret, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.config.blocks import Configuration, ResourceBlock
    from amlplan.config.check import Checked, SecretLeaf
    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.provider import Kinds
    from amlplan.secrets import Secrets
    from amlplan_schemas.base import ResourceInputs
    from amlplan_schemas.state import State

Connections = Mapping[str, tuple[str, Tree]]
"""By address, the kind and the personal fields of a block, as the configuration has them now."""


def connection_of(checked: Checked) -> Tree | None:
    """The personal fields of a block, secrets by their references; None where it says nothing."""
    personal = checked.personal
    if personal is None or all(value is None for value in personal.values.values()):
        return None
    secrets = {path: located(leaf) for path, leaf in personal.secrets.items()}
    return Tree(values=personal.values, secrets=secrets)


def reached_by(record: Record, checked: Checked) -> Record:
    """A record with the connection that its block has now, where that says any."""
    here = connection_of(checked)
    return record if here is None else record.model_copy(update={"connection": here})


def located(leaf: SecretLeaf) -> Secret:
    """Where a secret is found, without anything of what it is."""
    reference = leaf.reference
    if reference is None:
        return Secret()
    return Secret.model_validate({"scheme": reference.scheme, "argument": reference.argument})


def personal_blocks(configuration: Configuration, registry: Kinds) -> list[str]:
    """The blocks that say how their object is reached, in every module, without keys."""
    return [
        f"{module.prefix}{name}"
        for module in configuration.modules()
        for name, block in module.resources.items()
        if _is_personal(block, registry)
    ]


def _is_personal(block: ResourceBlock, registry: Kinds) -> bool:
    """Whether a block has a personal field, written or by default."""
    model = registry.inputs_of(block.kind)
    written = {inner.labels[0] if inner.labels else inner.type for inner in block.body.blocks}
    written |= block.body.attributes.keys()
    return any(
        name in written or not _is_nothing(model, name)
        for name in marked_fields(model, Behaviour.UNRECORDED)
    )


def _is_nothing(model: type[ResourceInputs], name: str) -> bool:
    default = model.model_fields[name].get_default(call_default_factory=True, validated_data={})
    return default is None


def connections_of(
    evaluation: Evaluation, state: State, registry: Kinds, secrets: Secrets
) -> Connections:
    """The personal fields of every block that has any and can be evaluated now.

    `evaluation` is used for this alone. Outputs are those of the state. A mistake is no failure
    here: whoever plans tells it, and the block is reached as it was the last time.
    """
    found: dict[str, tuple[str, Tree]] = {}
    for address in evaluation.addresses(personal_blocks(evaluation.configuration, registry)):
        block = evaluation.blocks[address]
        model = registry.inputs_of(block.kind)
        values, _ = evaluation.resource(address, model)
        checked = None if values is None else check(block, model, values, secrets)[0]
        if checked is None:
            evaluation.publish(address, UNKNOWN)
            continue
        draft = Draft(address, block.kind, block.default_name, known_fields(checked), frozenset())
        record = state.records.get(address)
        outputs, identity = (record.outputs.values, record.identity) if record else ({}, UNKNOWN)
        value = resource_value(Wanted(block, checked, draft), outputs, outputs, identity)
        evaluation.publish(address, value)
        connection = connection_of(checked)
        if connection is not None and checked.personal and not checked.personal.unknown:
            found[address] = block.kind, connection
    return found


def connected(record: Record, connections: Connections) -> Record:
    """A record with the connection of this user in the place of the one that is remembered.

    One of another kind has another target, which the block does not lead to any more.
    """
    kind, here = connections.get(record.address, ("", None))
    return record if kind != record.kind else record.model_copy(update={"connection": here})


class ConnectedRecords(Mapping[str, Record]):
    """The records of a state that goes on changing, each with the connection of this user."""

    def __init__(self, records: Mapping[str, Record], connections: Connections) -> None:
        self._records = records
        self._connections = connections

    def __getitem__(self, address: str) -> Record:
        return connected(self._records[address], self._connections)

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


def with_connections(state: State, connections: Connections) -> State:
    """A state with the connections of this user, to look at its objects; never to be written."""
    if connections.keys().isdisjoint(state.records.keys() | state.pending.keys()):
        return state
    records = {name: connected(record, connections) for name, record in state.records.items()}
    pending = {
        name: intent.model_copy(update={"draft": connected(intent.draft, connections)})
        for name, intent in state.pending.items()
    }
    return state.model_copy(update={"records": records, "pending": pending})
