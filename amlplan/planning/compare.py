"""Compares a resource's checked inputs with what was recorded and observed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from amlplan.planning.diff import changed_leaves
from amlplan.pointers import tokens_of, top_field, value_at, with_value
from amlplan.values import UNKNOWN
from amlplan_schemas.base import (
    Behaviour,
    OnlySecretReference,
    Trait,
    behaviour_of,
    block_fields,
    marked_fields,
    nested_field_is,
    reference_fields,
)
from amlplan_schemas.plan import FieldChange, FieldSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from amlplan.config.check import Checked, SecretLeaf
    from amlplan.secrets import Secrets
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record, Secret, Tree


@dataclass(frozen=True, slots=True)
class Comparison:
    """The leaves that differ, and the secrets that could not be compared."""

    changes: tuple[FieldChange, ...] = ()
    unresolved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretDigests:
    """How sensitive leaves are compared: by digests salted with the state's salt."""

    secrets: Secrets
    salt: str

    def of(self, leaf: SecretLeaf) -> str | None:
        """The leaf's digest, or None where its value cannot be had."""
        return None if leaf.value is UNKNOWN else self.secrets.digest(leaf.value, self.salt)


def compare_inputs(
    checked: Checked,
    recorded: Tree,
    observed: Mapping[str, JsonValue],
    digests: SecretDigests,
    model: type[BaseModel],
) -> Comparison:
    """What differs between what is wanted and what is there, observed values first.

    A field that `model`, or a block in it, did not have when the record was written counts as its
    default.
    """
    before = {**recorded.values, **observed} if observed else recorded.values
    after = checked.values
    if not after.keys() <= before.keys():
        before = {**defaults_of(model), **before}
    before = _with_nested_defaults(before, after, model)
    hidden = {*checked.unknown, *checked.secrets, *recorded.secrets}
    if not hidden:
        return Comparison(changed_leaves(before, after, FieldSource.INPUT))
    special: list[FieldChange] = []
    unresolved: list[str] = []
    for path in sorted(hidden):
        was, old = recorded.secrets.get(path), _at(before, path)
        before, after = _blank(before, path), _blank(after, path)
        if path in checked.secrets:
            leaf = checked.secrets[path]
            personal = nested_field_is(model, tokens_of(path), OnlySecretReference)
            verdict = _same_place(leaf, was) if personal else _same_secret(leaf, was, digests)
            if verdict is None:
                unresolved.append(path)
            elif not verdict:
                special.append(FieldChange(path=path, sensitive=True, added=was is None))
        elif path in checked.unknown:
            special.append(
                FieldChange(path=path, before=old, unknown=True, sensitive=was is not None)
            )
        else:
            now = _at(checked.values, path)
            special.append(FieldChange(path=path, after=now, sensitive=True, removed=now is None))
    plain = changed_leaves(before, after, FieldSource.INPUT)
    return Comparison((*plain, *special), tuple(unresolved))


def _with_nested_defaults(
    before: dict[str, JsonValue], after: Mapping[str, JsonValue], model: type[BaseModel]
) -> dict[str, JsonValue]:
    """The recorded values, with the fields that their blocks did not have then."""
    added: dict[str, JsonValue] = {}
    for name, nested in block_fields(model).items():
        was, now = before.get(name), after.get(name)
        if isinstance(was, dict) and isinstance(now, dict) and not now.keys() <= was.keys():
            added[name] = {**defaults_of(nested), **was}
    return {**before, **added} if added else before


@cache
def defaults_of(model: type[BaseModel]) -> Mapping[str, JsonValue]:
    """The JSON of every field that may be left out, as it is then; of none that is personal."""
    return {
        name: TypeAdapter(Any).dump_python(
            info.get_default(call_default_factory=True, validated_data={}), mode="json"
        )
        for name, info in model.model_fields.items()
        if not info.is_required() and behaviour_of(model, name) is not Behaviour.UNRECORDED
    }


def _same_secret(leaf: SecretLeaf, was: Secret | None, digests: SecretDigests) -> bool | None:
    """Whether a secret is the recorded one; None where it cannot be told, which is no change."""
    if was is None:
        return False
    digest = digests.of(leaf)
    if digest is not None:
        return digest == was.digest
    if leaf.reference is None:
        return None
    return None if _same_place(leaf, was) else False


def _same_place(leaf: SecretLeaf, was: Secret | None) -> bool:
    """Whether a secret is found where the recorded one was."""
    found = leaf.reference
    if found is None or was is None:
        return False
    return (found.scheme, found.argument) == (was.scheme, was.argument)


def _at(tree: Mapping[str, JsonValue], path: str) -> JsonValue:
    try:
        return value_at(tree, path)
    except (LookupError, TypeError, ValueError):
        return None


def _blank(tree: Mapping[str, JsonValue], path: str) -> dict[str, JsonValue]:
    blanked: dict[str, JsonValue] = with_value(dict(tree), tokens_of(path), None)
    return blanked


def watched_changes(
    record: Record, observed: Mapping[str, Any], outputs: type[BaseModel]
) -> tuple[FieldChange, ...]:
    """The watched outputs that are not as recorded: drift that has no input."""
    watched = marked_fields(outputs, Trait.WATCHED)
    before = {name: record.outputs.values.get(name) for name in watched if name in observed}
    after = {name: _as_json(observed[name]) for name in before}
    return changed_leaves(before, after, FieldSource.OUTPUT)


def drifted_inputs(record: Record, observed: Mapping[str, JsonValue]) -> tuple[FieldChange, ...]:
    """The inputs that somebody else changed since the last apply; secrets are not looked at."""
    before = {name: record.inputs.values.get(name) for name in observed}
    return changed_leaves(before, seen_inputs(record, observed), FieldSource.INPUT)


def seen_inputs(record: Record, observed: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The inputs as they are outside, null at each secret, so that none is ever told."""
    seen = {name: _as_json(value) for name, value in observed.items()}
    for path in record.inputs.secrets:
        if top_field(path) in seen:
            seen = _blank(seen, path)
    return seen


def _as_json(value: Any) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value


def with_behaviour(
    changes: tuple[FieldChange, ...], model: type[BaseModel], replace: frozenset[str] = frozenset()
) -> tuple[FieldChange, ...]:
    """The changes, marked where they force a replacement."""
    return tuple(
        change.model_copy(update={"forces_replacement": True})
        if change.source is FieldSource.INPUT
        and (top_field(change.path) in replace or _replaces(change.path, model))
        else change
        for change in _references_as_one(changes, model)
    )


def _replaces(path: str, model: type[BaseModel]) -> bool:
    """Whether a field replaces its object: as its block does, unless it says otherwise itself."""
    if behaviour_of(model, top_field(path)) is not Behaviour.REPLACE:
        return False
    return not nested_field_is(model, tokens_of(path), Behaviour.UPDATE)


def _references_as_one(
    changes: tuple[FieldChange, ...], model: type[BaseModel]
) -> list[FieldChange]:
    """Several leaves of one block reference become one change that shows addresses."""
    references = reference_fields(model)
    found: list[FieldChange] = []
    seen: set[str] = set()
    for change in changes:
        field_name = top_field(change.path)
        if change.source is not FieldSource.INPUT or field_name not in references:
            found.append(change)
        elif field_name not in seen:
            seen.add(field_name)
            found.append(
                FieldChange(
                    path=f"/{field_name}",
                    unknown=any(
                        item.unknown for item in changes if top_field(item.path) == field_name
                    ),
                )
            )
    return found


def only_metadata(changes: tuple[FieldChange, ...], model: type[BaseModel]) -> bool:
    """Whether the state alone has to be written."""
    return all(
        change.source is FieldSource.INPUT
        and behaviour_of(model, top_field(change.path)) is Behaviour.METADATA
        for change in changes
    )
