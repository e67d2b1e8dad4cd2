"""Objects that are there and that no record has: those of this state, and those of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.defects import defects_explained
from amlplan.errors import AmlplanError
from amlplan.planning.moves import forgotten
from amlplan.provider import Lists, has
from amlplan_schemas.drift import DriftedObject
from amlplan_schemas.plan import DriftClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amlplan.config.blocks import Configuration
    from amlplan.provider import Kinds, Listed, Reads
    from amlplan_schemas.state import Record, State


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """What no record has: `ours` made by this state, `others`; `notes` say what cannot be told."""

    ours: tuple[DriftedObject, ...]
    others: tuple[DriftedObject, ...]
    notes: tuple[str, ...]


def find_unmanaged(state: State, registry: Kinds, configuration: Configuration) -> Unmanaged:
    """Ask every provider that can list; blocks, and only reads.

    What a `removed` block lets go of stays outside on purpose, and is left out.
    """
    known = frozenset(_identities(state))
    ours: list[DriftedObject] = []
    others: list[DriftedObject] = []
    notes: list[str] = []
    for kind in sorted(registry.kinds):
        try:
            listed = list(_listed(kind, state, registry))
        except AmlplanError as failure:
            notes.append(f"What there is of {kind} could not be listed: {failure}")
            continue
        for item in listed:
            address = _address_of(item.identity, state)
            if item.identity in known or (address and forgotten(address, configuration)):
                continue
            (others if address is None else ours).append(_found(item, kind, address))
    return Unmanaged(_in_order(ours), _in_order(others), tuple(notes))


def _listed(kind: str, state: State, registry: Kinds) -> Iterator[Listed]:
    provider = _reader(kind, state, registry)
    if provider is not None and has(provider, Lists):
        with defects_explained(kind):
            yield from provider.list_objects(tuple(state.records.values()))


def _reader(kind: str, state: State, registry: Kinds) -> Reads | None:
    """The reader of a kind; None for one that is never planned, or that cannot be loaded here."""
    if registry.is_configuration_only(kind):
        return None
    try:
        return registry.provider(kind)
    except AmlplanError:
        if any(record.kind == kind for record in state.records.values()):
            raise
        return None  # a package of which nothing was ever made need not be complete


def _identities(state: State) -> Iterator[str]:
    """What the state accounts for, with what was replaced and what is still being made."""
    drafts = (intent.draft for intent in state.pending.values())
    yield from _with_deposed([*state.records.values(), *drafts])


def _with_deposed(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        yield record.identity
        yield from _with_deposed(record.deposed)


def _address_of(identity: str | None, state: State) -> str | None:
    """The address that an object of this state was made for; None for what is not of it."""
    lineage, _, rest = (identity or "").partition("/")
    address, _, generation = rest.rpartition("/")
    is_ours = lineage == state.lineage and lineage and address and generation.isdecimal()
    return address if is_ours else None


def _found(item: Listed, kind: str, address: str | None) -> DriftedObject:
    return DriftedObject(
        address=address or "",
        kind=kind,
        name=item.name,
        drift_class=DriftClass.UNMANAGED,
        reason=(
            "it was made by this state, and no record has it" if address else _origin(item.identity)
        ),
        identity=item.identity,
    )


def _origin(identity: str | None) -> str:
    return "another state made it" if identity else "it carries no identity that can be read"


def _in_order(found: Iterable[DriftedObject]) -> tuple[DriftedObject, ...]:
    return tuple(sorted(found, key=lambda item: (item.address, item.kind, item.name)))
