"""Checks evaluated values against a kind's model and takes secrets and unknowns apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from amlplan.addresses import block_type_of
from amlplan.config.complaints import diagnostics_of
from amlplan.config.locate import argument_range
from amlplan.diagnostics import Diagnostic, error
from amlplan.pointers import pointer, tokens_of, top_field, with_value
from amlplan.secrets import number, reveal
from amlplan.values import (
    UNKNOWN,
    ResourceValue,
    SecretReference,
    Sensitive,
    Unknown,
    is_sensitive,
    is_wholly_known,
)
from amlplan_schemas.base import (
    Behaviour,
    NoPlainCredentials,
    NoSecrets,
    OnlySecretReference,
    block_fields,
    labelled_block_fields,
    marked_fields,
    nested_field_is,
    reference_fields,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails

    from amlplan.config.blocks import ResourceBlock
    from amlplan.secrets import Secrets
    from amlplan.values import Value
    from amlplan_schemas.base import BlockReference, JsonValue, ResourceInputs

_PRUNED: Any = object()
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class SecretLeaf:
    """A sensitive leaf: its value where it could be had, and the reference it came from."""

    value: JsonValue | Unknown = field(repr=False)
    reference: SecretReference | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A resource's inputs after checking.

    `values` is complete JSON, defaults filled in, with null at each unknown and each sensitive
    leaf; `unknown` and `secrets` name those by JSON Pointer. `model` is the typed form, None
    while anything is unknown. `referred` has the blocks that it refers to by their way, as in
    `workspace` or `models.0`. What is personal stands apart in `personal`, in the same form: it
    is neither compared nor kept among the inputs.
    """

    values: dict[str, JsonValue]
    unknown: frozenset[str] = frozenset()
    secrets: Mapping[str, SecretLeaf] = field(default_factory=dict)
    model: ResourceInputs | None = None
    referred: Mapping[str, ResourceValue] = field(default_factory=dict)
    personal: Checked | None = None

    @property
    def whole(self) -> Checked:
        """The inputs with what is personal among them, as others see and providers use them."""
        personal = self.personal
        if personal is None:
            return self
        return replace(
            self,
            values={**self.values, **personal.values},
            unknown=self.unknown | personal.unknown,
            secrets={**self.secrets, **personal.secrets},
            personal=None,
        )


@dataclass(slots=True)
class _Leaves:
    block: ResourceBlock
    secrets: Secrets
    unrecorded: frozenset[str]
    unknown: set[str] = field(default_factory=set)
    sensitive: dict[str, SecretLeaf] = field(default_factory=dict)
    referred: dict[str, ResourceValue] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)


def check(
    block: ResourceBlock, model: type[ResourceInputs], values: dict[str, Value], secrets: Secrets
) -> tuple[Checked | None, list[Diagnostic]]:
    """The checked inputs of a resource, or None with what is wrong with them."""
    leaves = _Leaves(block, secrets, marked_fields(model, Behaviour.UNRECORDED))
    raw = _fields(model, values, (), leaves)
    made, found = _validate(block, model, raw, leaves)
    problems = [*leaves.problems, *found]
    problems.extend(_secrets_in_the_wrong_place(block, model, leaves))
    problems.extend(_no_reference_to_a_secret(block, model, raw, leaves))
    problems.extend(_credentials_in_the_clear(block, model, raw, leaves))
    if problems:
        return None, problems
    dumped = made.model_dump(mode="json") if made is not None else _dump_fields(model, raw)
    for path in [*leaves.unknown, *leaves.sensitive]:
        dumped = with_value(dumped, tokens_of(path), None)
    complete = made if not leaves.unknown and _resolved(leaves) else None
    unknown = frozenset(leaves.unknown)
    whole = Checked(dumped, unknown, leaves.sensitive, complete, leaves.referred)
    return _apart(whole, leaves.unrecorded), []


def _apart(whole: Checked, fields: frozenset[str]) -> Checked:
    """The inputs with the personal fields apart."""
    if not fields:
        return whole
    mine, others = (
        Checked(
            {name: item for name, item in whole.values.items() if (name in fields) is is_mine},
            frozenset(path for path in whole.unknown if (top_field(path) in fields) is is_mine),
            {
                path: leaf
                for path, leaf in whole.secrets.items()
                if (top_field(path) in fields) is is_mine
            },
        )
        for is_mine in (True, False)
    )
    return replace(others, model=whole.model, referred=whole.referred, personal=mine)


def _fields(
    model: type[BaseModel], values: Mapping[str, Value], way: tuple[str, ...], leaves: _Leaves
) -> dict[str, Any]:
    """The fields of a block, and of the blocks in it, as JSON for the model."""
    references, nested = reference_fields(model), block_fields(model)
    labelled = labelled_block_fields(model)
    personal = marked_fields(model, OnlySecretReference)
    raw: dict[str, Any] = {}
    for name, value in values.items():
        place = (*way, name)
        plain: Any
        if name in references:
            plain = _references(references[name], value, place, leaves)
        elif name in nested and isinstance(value, dict):
            plain = _fields(nested[name], value, place, leaves)
        elif name in labelled and isinstance(value, dict):
            plain = {
                label: _fields(labelled[name], item, (*place, label), leaves)
                for label, item in value.items()
                if isinstance(item, dict)
            }
        else:
            plain = _plain(value, place, leaves)
            is_kept = not (way and way[0] in leaves.unrecorded)
            if name in personal and pointer(place) in leaves.sensitive and is_kept:
                plain = ""  # that there is one is all that counts: nobody gets what it holds
        if plain is not _PRUNED:
            raw[name] = plain
    return raw


def _secrets_in_the_wrong_place(
    block: ResourceBlock, model: type[BaseModel], leaves: _Leaves
) -> Iterator[Diagnostic]:
    refusing = marked_fields(model, NoSecrets)
    plain = (
        path
        for path in leaves.sensitive
        if not nested_field_is(model, tokens_of(path), OnlySecretReference)
    )
    for name in dict.fromkeys(map(top_field, plain)):
        if name in refusing:
            yield error(
                "secret_refused",
                "Sensitive value refused",
                f'The argument "{name}" is written down in the clear where the object is kept, '
                "so it takes no sensitive value. Use one that everybody may read.",
                argument_range(block, (name,)),
                context=block.context,
                address=block.address,
            )


def _is_by_reference(path: str, leaves: _Leaves) -> bool:
    leaf = leaves.sensitive.get(path)
    return leaf is not None and leaf.reference is not None


def _no_reference_to_a_secret(
    block: ResourceBlock, model: type[BaseModel], raw: dict[str, Any], leaves: _Leaves
) -> Iterator[Diagnostic]:
    """A plain value, or one that is made from a secret, where only its reference may be kept."""
    for name, nested in block_fields(model).items():
        given = raw.get(name)
        for inner in marked_fields(nested, OnlySecretReference):
            path = pointer((name, inner))
            is_given = isinstance(given, dict) and given.get(inner) is not None
            if is_given and not _is_by_reference(path, leaves):
                yield error(
                    "no_secret_reference",
                    "Reference to a secret required",
                    f'The argument "{inner}" takes a secret by its reference alone, as in '
                    f'{inner} = env_secret("NAME"), so that what it holds is kept nowhere.',
                    argument_range(block, (name, inner)),
                    context=block.context,
                    address=block.address,
                )


def _credentials_in_the_clear(
    block: ResourceBlock, model: type[BaseModel], raw: dict[str, Any], leaves: _Leaves
) -> Iterator[Diagnostic]:
    hidden = {top_field(path) for path in leaves.sensitive}
    for name in sorted(marked_fields(model, NoPlainCredentials) - hidden):
        value = raw.get(name)
        addresses = value if isinstance(value, list) else [value]
        if any(isinstance(item, str) and _PASSWORD.search(item) for item in addresses):
            yield error(
                "plain_credentials",
                "Credentials in plain text",
                f'The argument "{name}" has a password in it, which would be kept in the state '
                'and in version control. Take it from a secret, as in "https://ana:'
                '${env_secret("INDEX_PASSWORD")}@host/".',
                argument_range(block, (name,), name_only=True),
                context=block.context,
                address=block.address,
            )


def _resolved(leaves: _Leaves) -> bool:
    return all(leaf.value is not UNKNOWN for leaf in leaves.sensitive.values())


def _plain(value: Value, path: tuple[str, ...], leaves: _Leaves) -> Any:
    """The value as JSON for the model; unknown and unresolved leaves are left out."""
    if isinstance(value, str | bool | int) or value is None:
        return value
    if value is UNKNOWN:
        leaves.unknown.add(pointer(path))
        return _PRUNED
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, Sensitive | SecretReference):
        return _sensitive(value, path, leaves)
    if isinstance(value, dict):
        items = {key: _plain(item, (*path, key), leaves) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not _PRUNED}
    if isinstance(value, list):
        if is_sensitive(value):
            return _sensitive(Sensitive(value), path, leaves)
        if not is_wholly_known(value):
            # A hole in a list would move what comes after it.
            leaves.unknown.add(pointer(path))
            return _PRUNED
        return [_plain(item, (*path, str(index)), leaves) for index, item in enumerate(value)]
    raise TypeError(f"no configuration value: {type(value).__name__}")


def _sensitive(value: Sensitive | SecretReference, path: tuple[str, ...], leaves: _Leaves) -> Any:
    reference = value if isinstance(value, SecretReference) else None
    revealed = reveal(value, leaves.secrets)
    if revealed is UNKNOWN and reference is None and not _lacks_secrets(leaves.secrets):
        leaves.unknown.add(pointer(path))
    leaves.secrets.hide(revealed)
    leaves.sensitive[pointer(path)] = SecretLeaf(revealed, reference)
    return _PRUNED if revealed is UNKNOWN else revealed


def _lacks_secrets(secrets: Secrets) -> bool:
    """Whether a hidden value may be missing for want of a secret, not because apply makes it."""
    return bool(secrets.unresolved) or not secrets.enabled


def _references(mark: BlockReference, value: Value, place: tuple[str, ...], leaves: _Leaves) -> Any:
    """A block, or a list of blocks where the field takes many."""
    if not mark.many:
        return _reference(mark, value, place, leaves)
    if value is UNKNOWN:
        leaves.unknown.add(pointer(place))
        return _PRUNED
    if not isinstance(value, list):
        return _no_reference(mark, place, leaves)
    found = [
        _reference(mark, item, (*place, str(index)), leaves) for index, item in enumerate(value)
    ]
    if any(item is _PRUNED for item in found):
        leaves.unknown.add(pointer(place))
        return _PRUNED
    return found


def _reference(mark: BlockReference, value: Value, place: tuple[str, ...], leaves: _Leaves) -> Any:
    if value is UNKNOWN:
        leaves.unknown.add(pointer(place))
        return _PRUNED
    if not isinstance(value, ResourceValue) or block_type_of(value.kind) != mark.block:
        return _no_reference(mark, place, leaves)
    leaves.referred[".".join(place)] = value
    identity = value.identity
    if isinstance(identity, Unknown):
        leaves.unknown.add(pointer((*place, "identity")))
        identity = ""
    return {"address": value.address, "kind": value.kind, "identity": identity or None}


def _no_reference(mark: BlockReference, place: tuple[str, ...], leaves: _Leaves) -> Any:
    name = ".".join(step for step in place if not step.isdecimal())
    example = f"[{mark.block}.main]" if mark.many else f"{mark.block}.main"
    field_name = next(step for step in reversed(place) if not step.isdecimal())
    what = f"a list of {mark.block} blocks" if mark.many else f"a {mark.block} block"
    leaves.problems.append(
        error(
            "invalid_reference",
            "Invalid block reference",
            f'The argument "{name}" takes {what}, as in {field_name} = {example}, '
            "without quotes and without an attribute behind it.",
            argument_range(leaves.block, place),
            context=leaves.block.context,
            address=leaves.block.address,
        )
    )
    leaves.unknown.add(pointer(place))
    return _PRUNED


def _validate(
    block: ResourceBlock, model: type[ResourceInputs], raw: dict[str, Any], leaves: _Leaves
) -> tuple[ResourceInputs | None, list[Diagnostic]]:
    try:
        return model.model_validate(raw), []
    except ValidationError as failure:
        # A block that is referred to is as good as known before it is made.
        known = {pointer((*way.split("."), "identity")) for way in leaves.referred}
        holes = [tokens_of(path) for path in leaves.unknown - known]
        secrets = {
            path: leaf
            for path, leaf in leaves.sensitive.items()
            if not nested_field_is(model, tokens_of(path), OnlySecretReference)
        }
        holes += [tokens_of(path) for path, leaf in secrets.items() if leaf.value is UNKNOWN]
        complaints = [
            item
            for item in failure.errors(include_url=False, include_context=False)
            if not _waits(item, holes)
        ]
        return None, diagnostics_of(block, model, complaints, secrets)


def _waits(item: ErrorDetails, holes: list[tuple[str, ...]]) -> bool:
    """Whether a complaint is about what is not known yet."""
    place = tuple(str(step) for step in item["loc"])
    if not place:
        return bool(holes)
    return any(hole[: len(place)] == place or place[: len(hole)] == hole for hole in holes)


@cache
def _adapters(model: type[BaseModel]) -> dict[str, TypeAdapter[Any]]:
    return {
        name: TypeAdapter(cast("Any", info.annotation)) for name, info in model.model_fields.items()
    }


def _dump_fields(model: type[BaseModel], raw: dict[str, Any]) -> dict[str, JsonValue]:
    """Each field by itself, where holes keep the whole from being made."""
    dumped: dict[str, JsonValue] = {}
    for name, info in model.model_fields.items():
        adapter = _adapters(model)[name]
        if name not in raw:
            default = None if info.is_required() else info.get_default(call_default_factory=True)
            dumped[name] = adapter.dump_python(default, mode="json", warnings=False)
            continue
        try:
            dumped[name] = adapter.dump_python(adapter.validate_python(raw[name]), mode="json")
        except ValidationError:
            dumped[name] = raw[name]
    return dumped
