"""Checks evaluated values against a kind's model and takes secrets and unknowns apart."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from amlplan.config.locate import argument_range, header_range
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
    NoPlainCredentials,
    NoSecrets,
    block_fields,
    marked_fields,
    reference_fields,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails

    from amlplan.config.blocks import ResourceBlock
    from amlplan.secrets import Secrets
    from amlplan.values import Value
    from amlplan_schemas.base import JsonValue, ResourceInputs

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
    while anything is unknown.
    """

    values: dict[str, JsonValue]
    unknown: frozenset[str] = frozenset()
    secrets: Mapping[str, SecretLeaf] = field(default_factory=dict)
    model: ResourceInputs | None = None


@dataclass(slots=True)
class _Leaves:
    secrets: Secrets
    unknown: set[str] = field(default_factory=set)
    sensitive: dict[str, SecretLeaf] = field(default_factory=dict)


def check(
    block: ResourceBlock, model: type[ResourceInputs], values: dict[str, Value], secrets: Secrets
) -> tuple[Checked | None, list[Diagnostic]]:
    """The checked inputs of a resource, or None with what is wrong with them."""
    leaves = _Leaves(secrets)
    problems: list[Diagnostic] = []
    raw: dict[str, Any] = {}
    references = reference_fields(model)
    for name, value in values.items():
        if name in references:
            plain = _reference(block, name, references[name], value, leaves, problems)
        else:
            plain = _plain(value, (name,), leaves)
        if plain is not _PRUNED:
            raw[name] = plain
    made, found = _validate(block, model, raw, leaves)
    problems.extend(found)
    problems.extend(_secrets_in_the_wrong_place(block, model, leaves))
    problems.extend(_credentials_in_the_clear(block, model, raw, leaves))
    if problems:
        return None, problems
    dumped = made.model_dump(mode="json") if made is not None else _dump_fields(model, raw)
    for path in [*leaves.unknown, *leaves.sensitive]:
        dumped = with_value(dumped, tokens_of(path), None)
    complete = made if not leaves.unknown and _resolved(leaves) else None
    return Checked(dumped, frozenset(leaves.unknown), leaves.sensitive, complete), []


def _secrets_in_the_wrong_place(
    block: ResourceBlock, model: type[BaseModel], leaves: _Leaves
) -> Iterator[Diagnostic]:
    refusing = marked_fields(model, NoSecrets)
    for name in dict.fromkeys(top_field(path) for path in leaves.sensitive):
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
    leaves.sensitive[pointer(path)] = SecretLeaf(revealed, reference)
    return _PRUNED if revealed is UNKNOWN else revealed


def _lacks_secrets(secrets: Secrets) -> bool:
    """Whether a hidden value may be missing for want of a secret, not because apply makes it."""
    return bool(secrets.unresolved) or not secrets.enabled


def _reference(
    block: ResourceBlock,
    name: str,
    wanted: str,
    value: Value,
    leaves: _Leaves,
    problems: list[Diagnostic],
) -> Any:
    if value is UNKNOWN:
        leaves.unknown.add(pointer((name,)))
        return _PRUNED
    if not isinstance(value, ResourceValue) or value.kind.partition(".")[0] != wanted:
        problems.append(
            error(
                "invalid_reference",
                "Invalid block reference",
                f'The argument "{name}" takes a {wanted} block, as in {name} = {wanted}.main, '
                "without quotes and without an attribute behind it.",
                argument_range(block, (name,)),
                context=block.context,
                address=block.address,
            )
        )
        leaves.unknown.add(pointer((name,)))
        return _PRUNED
    identity = value.identity
    if isinstance(identity, Unknown):
        leaves.unknown.add(pointer((name, "identity")))
        identity = ""
    return {"address": value.address, "kind": value.kind, "identity": identity or None}


def _validate(
    block: ResourceBlock, model: type[ResourceInputs], raw: dict[str, Any], leaves: _Leaves
) -> tuple[ResourceInputs | None, list[Diagnostic]]:
    try:
        return model.model_validate(raw), []
    except ValidationError as failure:
        holes = [tokens_of(path) for path in leaves.unknown]
        holes += [
            tokens_of(path) for path, leaf in leaves.sensitive.items() if leaf.value is UNKNOWN
        ]
        complaints = failure.errors(include_url=False, include_context=False)
        meant = {_meant(model, item) for item in complaints if item["type"] == "extra_forbidden"}
        problems = [
            _diagnostic(block, model, item, leaves)
            for item in complaints
            # A misspelt argument is one mistake, not also the lack of the one that was meant.
            if not _waits(item, holes) and not (item["type"] == "missing" and item["loc"] in meant)
        ]
        return None, problems


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


_MESSAGES = {
    "string_type": "a string is required",
    "bool_type": "true or false is required",
    "bool_parsing": "true or false is required",
    "int_type": "a whole number is required",
    "int_parsing": "a whole number is required",
    "int_from_float": "a whole number is required",
    "float_type": "a number is required",
    "float_parsing": "a number is required",
    "dict_type": "a map is required, as in { key = value }",
    "tuple_type": "a list is required, as in [ … ]",
    "list_type": "a list is required, as in [ … ]",
    "model_type": "a block is required, as in name { … }",
    "string_too_short": "it must not be empty",
}


def _diagnostic(
    block: ResourceBlock, model: type[BaseModel], item: ErrorDetails, leaves: _Leaves
) -> Diagnostic:
    place = tuple(str(step) for step in item["loc"])
    name = place[-1] if place else ""
    if item["type"] == "missing":
        return error(
            "missing_argument",
            "Missing required argument",
            f'The argument "{name}" is required, but no definition was found.',
            header_range(block, place[:-1]),
            context=block.context,
            address=block.address,
        )
    if item["type"] == "extra_forbidden":
        return _unsupported(block, model, place)
    shown = ".".join(step for step in place if not step.isdecimal())
    what = f'The argument "{shown}"' if shown else "This block"
    detail = f"{what} is not valid: {_reason(item, place, leaves)}."
    return error(
        "invalid_value",
        "Invalid value for an argument",
        detail,
        argument_range(block, place),
        context=block.context,
        address=block.address,
    )


def _reason(item: ErrorDetails, place: tuple[str, ...], leaves: _Leaves) -> str:
    if any(
        tokens_of(path)[: len(place)] == place[: len(tokens_of(path))] for path in leaves.sensitive
    ):
        return "the value does not fit, and is not shown because it is sensitive"
    if item["type"] in _MESSAGES:
        return _MESSAGES[item["type"]]
    message = item["msg"].removeprefix("Value error, ").rstrip(".")
    if item["type"] == "string_pattern_mismatch":
        pattern = message.partition("pattern ")[2]
        return f'"{item["input"]}" does not match {pattern}'
    return message[:1].lower() + message[1:]


def _known_names(model: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    """The arguments of the block that a place lies in."""
    found: type[BaseModel] | None = model
    for step in place[:-1]:
        found = block_fields(found).get(str(step)) if found is not None else None
    return sorted(found.model_fields) if found is not None else []


def _meant(model: type[BaseModel], item: ErrorDetails) -> tuple[str | int, ...]:
    """The place of the argument that a misspelt one was meant to be, or nothing."""
    place = item["loc"]
    near = difflib.get_close_matches(str(place[-1]), _known_names(model, place), n=1)
    return (*place[:-1], near[0]) if near else ()


def _unsupported(
    block: ResourceBlock, model: type[BaseModel], place: tuple[str, ...]
) -> Diagnostic:
    name = place[-1]
    known = _known_names(model, place)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f' Did you mean "{near[0]}"?' if near else f" Known are: {', '.join(known)}."
    return error(
        "unsupported_argument",
        "Unsupported argument",
        f'An argument named "{name}" is not expected here.{hint}',
        argument_range(block, place, name_only=True),
        context=block.context,
        address=block.address,
    )
