"""What changed between two states, object by object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.state import Record, State


@dataclass(frozen=True, slots=True)
class StateChanges:
    """Addresses by what happened to the objects there.

    `moved` goes from the old address to the new one; `removed` went by a delete, or was let go of;
    `unprotected` has those whose protection was lifted, with why; `noted` are other records that
    changed while their object did not.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    unprotected: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything changed."""
        lists = (self.added, self.changed, self.replaced, self.removed, self.noted, self.outputs)
        return any(lists) or bool(self.moved) or bool(self.unprotected)


def changes_between(before: State, after: State) -> StateChanges:
    """What happened between two states of one lineage.

    An object is the same as long as its identity is, wherever it is recorded.
    """
    origins = {record.identity: name for name, record in before.records.items()}
    moved = {
        origins[record.identity]: name
        for name, record in after.records.items()
        if origins.get(record.identity, name) != name
    }
    priors = {
        name: before.records[origins.get(record.identity, name)]
        for name, record in after.records.items()
        if record.identity in origins or (name in before.records and name not in moved)
    }
    there = {record.identity for record in after.records.values()}
    same = {name: prior for name, prior in priors.items() if _is_same(prior, after.records[name])}
    replaced = priors.keys() - same.keys()
    gone = {name for name, record in before.records.items() if record.identity not in there}
    unprotected = {
        name: lifted.why
        for name, prior in sorted(same.items())
        if prior.protected and (lifted := after.records[name].unprotected) is not None
    }
    return StateChanges(
        added=tuple(sorted(after.records.keys() - priors.keys())),
        changed=tuple(sorted(n for n, p in same.items() if _has_changed(p, after.records[n]))),
        replaced=tuple(sorted(replaced)),
        removed=tuple(sorted(gone - replaced)),
        noted=tuple(
            sorted(
                n
                for n, p in same.items()
                if n not in unprotected and _is_only_noted(p, after.records[n])
            )
        ),
        unprotected=unprotected,
        moved=dict(sorted(moved.items())),
        outputs=tuple(
            sorted(
                name
                for name in {*before.outputs, *after.outputs}
                if before.outputs.get(name) != after.outputs.get(name)
            )
        ),
    )


def _is_same(before: Record, after: Record) -> bool:
    return before.identity == after.identity


def _has_changed(before: Record, after: Record) -> bool:
    """Whether the object is another than it was, as far as the record says."""
    values = ("derived", "outputs", "status", "name")
    if any(getattr(before, name) != getattr(after, name) for name in values):
        return True
    return _without_addresses(before) != _without_addresses(after)


def _without_addresses(record: Record) -> object:
    """The inputs, with references that follow what moved told by identity alone."""
    return _bare(record.inputs.values), record.inputs.secrets


def _bare(value: object) -> object:
    if isinstance(value, dict):
        if value.keys() == {"address", "kind", "identity"}:
            return value["identity"]
        return {name: _bare(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value


def _is_only_noted(before: Record, after: Record) -> bool:
    if _has_changed(before, after):
        return False
    ignored = {"address", "depends_on", "targets", "inputs", "connection", "provider"}
    names = type(before).model_fields.keys() - ignored
    return any(getattr(before, name) != getattr(after, name) for name in names)
