"""Records as they will be, and what a provider is asked to make of them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from amlplan.planning.connections import connection_of, located
from amlplan.planning.want import referred_blocks
from amlplan.provider import Desired
from amlplan_schemas.base import Behaviour, behaviour_of
from amlplan_schemas.plan import Action
from amlplan_schemas.state import Record, Target, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.planning.compare import SecretDigests
    from amlplan.planning.want import Wanted
    from amlplan.provider import Targets
    from amlplan.registry import Registry
    from amlplan.secrets import Secrets
    from amlplan_schemas.base import JsonValue, ResourceInputs
    from amlplan_schemas.plan import Operation


def draft_record(
    operation: Operation,
    wanted: Wanted,
    registry: Registry,
    digests: SecretDigests,
    lineage: str,
    dependencies: Mapping[str, frozenset[str]],
    prior: Record | None,
) -> Record:
    """The record as it will be if the operation succeeds, still without outputs.

    What an update does not touch is taken over from `prior`.
    """
    checked = wanted.checked
    secrets = {
        path: located(leaf).model_copy(update={"digest": digests.of(leaf)})
        for path, leaf in checked.secrets.items()
    }
    kind = registry.provider(wanted.block.kind).kind
    inputs = Tree(values=checked.values, secrets=secrets)
    draft = Record(
        address=operation.address,
        kind=wanted.block.kind,
        name=wanted.draft.name,
        generation=operation.generation,
        identity=_identity(operation, lineage, prior),
        provider=kind.provider,
        schema_version=kind.schema_version,
        inputs=inputs,
        steps_for=_attempt(inputs, wanted.derived, kind.inputs),
        derived=dict(wanted.derived),
        depends_on=tuple(sorted(dependencies[operation.address])),
        protected=wanted.lifecycle.prevent_destroy,
        connection=connection_of(checked),
        targets={
            way: Target(address=item.address, kind=item.kind, identity=item.identity)
            for way, item in checked.referred.items()
            if isinstance(item.identity, str)
        },
    )
    if prior is None:
        return draft
    if operation.action is not Action.UPDATE:
        return draft.model_copy(update={"deposed": _deposed(operation, prior)})
    kept = ("deposed", "held")
    return draft.model_copy(update={name: getattr(prior, name) for name in kept})


def _deposed(operation: Operation, prior: Record) -> tuple[Record, ...]:
    """What a new object still has to have deleted: what its predecessor had, and that itself."""
    if not operation.create_first or prior.generation == operation.generation:
        return prior.deposed
    return (*prior.deposed, prior.model_copy(update={"deposed": ()}))


def _identity(operation: Operation, lineage: str, prior: Record | None) -> str:
    """What the object carries outside: it keeps it, also where its record moved since."""
    if prior is not None and prior.generation == operation.generation:
        return prior.identity
    return f"{lineage}/{operation.address}/{operation.generation}"


def _attempt(inputs: Tree, derived: Mapping[str, JsonValue], model: type[ResourceInputs]) -> str:
    """What an attempt is for, as a digest over all that a provider acts on."""
    values = {
        name: value
        for name, value in inputs.values.items()
        if behaviour_of(model, name) is not Behaviour.METADATA
    }
    secrets = {path: secret.digest for path, secret in inputs.secrets.items()}
    document = [values, secrets, dict(derived)]
    text = json.dumps(document, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def desired_object(wanted: Wanted, draft: Record, targets: Targets, secrets: Secrets) -> Desired:
    """What the provider is asked for: complete inputs, secrets in the clear."""
    return Desired(
        address=draft.address,
        kind=draft.kind,
        name=draft.name,
        identity=draft.identity,
        inputs=wanted.checked.model,
        derived=wanted.derived,
        targets=targets,
        lock=wanted.draft.lock,
        referred=referred_blocks(wanted.checked, secrets),
        sensitive=frozenset(wanted.checked.whole.secrets),
        references={
            path: leaf.reference
            for path, leaf in wanted.checked.whole.secrets.items()
            if leaf.reference is not None
        },
    )
