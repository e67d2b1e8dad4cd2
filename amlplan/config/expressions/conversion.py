"""Converts values to types, by Terraform's rules."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.marks import holds_unknown
from amlplan.config.expressions.numbers import (
    NumberRangeError,
    is_number,
    number_text,
    parse_number,
)
from amlplan.config.expressions.types import Type, type_name
from amlplan.values import UNKNOWN, ResourceValue, SecretReference, Sensitive

if TYPE_CHECKING:
    from amlplan.values import Value

_BOOLS: Final = {"true": True, "false": False, "1": True, "0": False}
_ARTICLES: Final = {"any": "any value", "object": "an object"}


class ConversionError(Exception):
    """A value cannot have a type; the message says where in the value, and what is required."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.path = path

    def below(self, step: str) -> ConversionError:
        """Give the same error as seen from the value around."""
        return ConversionError(self.message, f"{step}, {self.path}" if self.path else step)


def convert(value: Value, to: Type) -> Value:
    """Give the value as the type has it; raises ConversionError where that cannot be.

    Null and unknown have every type, a sensitive value stays sensitive, and a reference to a
    secret counts as a string and stays as it is. A set is a list that is sorted and holds no
    value twice.
    """
    if value is None or value is UNKNOWN:
        return value
    if isinstance(value, Sensitive):
        return Sensitive(convert(value.value, to))
    if to.kind == "any":
        return value
    if isinstance(value, SecretReference):
        if to.kind != "string":
            raise _required(to)
        return value
    return _CONVERSIONS[to.kind](value, to)


def as_text(value: Value) -> str | None:
    """Give a string, number or bool as a string; None for everything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return number_text(value)
    return None


def as_bool(value: Value) -> bool | None:
    """Give a bool, or one that a string states; None for everything else."""
    if isinstance(value, bool):
        return value
    return _BOOLS.get(value) if isinstance(value, str) else None


def unified(items: list[Value]) -> list[Value]:
    """Give the items as strings where some are and the others can be; else as they are."""
    kinds = _kinds(items)
    if len(kinds) > 1 and "string" in kinds and kinds <= {"string", "number", "bool"}:
        return [convert(item, Type("string")) for item in items]
    return items


def _kinds(items: list[Value]) -> set[str]:
    return {type_name(item) for item in items} - {"null", "unknown"}


def _of_one_type(items: list[Value]) -> list[Value]:
    items = unified(items)
    if len(_kinds(items)) > 1:
        raise ConversionError("all elements must have the same type")
    return items


def distinct_key(value: Value) -> str:
    """Give a text that two values share exactly when they are equal; it sorts like the values."""
    value = value.value if isinstance(value, Sensitive) else value
    if isinstance(value, str):
        return f"s{value}"
    return json.dumps(_comparable(value), sort_keys=True)


def as_set(items: list[Value]) -> list[Value]:
    """Give the items sorted, each once; numbers by size, all else as text."""
    unique = list({distinct_key(item): item for item in items}.values())
    if all(is_number(item) for item in unique):
        return sorted(unique, key=lambda item: Decimal(str(item)))
    return sorted(unique, key=distinct_key)


def _comparable(value: Value) -> object:
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if is_number(value):
        return {"number": as_text(value)}
    return value if value is None or isinstance(value, str | bool) else repr(value)


def _required(to: Type) -> ConversionError:
    return ConversionError(f"{_ARTICLES.get(to.kind, f'a {to.kind}')} is required")


def _string(value: Value, to: Type) -> Value:
    text = as_text(value)
    if text is None:
        raise _required(to)
    return text


def _number(value: Value, to: Type) -> Value:
    if is_number(value):
        return value
    try:
        number = parse_number(value) if isinstance(value, str) else None
    except NumberRangeError:
        raise ConversionError("the number has too many digits") from None
    if number is None:
        raise _required(to)
    return number


def _bool(value: Value, to: Type) -> Value:
    found = as_bool(value)
    if found is None:
        raise _required(to)
    return found


def _list(value: Value, to: Type) -> Value:
    if not isinstance(value, list):
        raise _required(to)
    if to.kind == "set" and holds_unknown(value):
        return UNKNOWN  # two unknown elements may turn out to be one
    element = to.element or Type("any")
    items = [_item(item, element, f"element {index}") for index, item in enumerate(value)]
    if element.kind == "any":
        items = _of_one_type(items)
    return as_set(items) if to.kind == "set" else items


def _map(value: Value, to: Type) -> Value:
    if not isinstance(value, dict):
        raise _required(to)
    element = to.element or Type("any")
    if element.kind == "any" and isinstance(value, ResourceValue):
        return value
    items = {key: _item(item, element, f'element "{key}"') for key, item in value.items()}
    if element.kind == "any":
        return dict(zip(items, _of_one_type(list(items.values())), strict=True))
    return items


def _object(value: Value, to: Type) -> Value:
    if not isinstance(value, dict):
        raise _required(to)
    missing = [
        name for name, item in to.attributes.items() if not item.is_optional and name not in value
    ]
    if missing:
        listed = ", ".join(f'"{name}"' for name in missing)
        verb = "is" if len(missing) == 1 else "are"
        raise ConversionError(f"the attribute{'s' * (len(missing) > 1)} {listed} {verb} required")
    converted: dict[str, Value] = {}
    for name, item in to.attributes.items():
        given = value.get(name)
        if given is None and item.is_optional:
            given = item.default
        converted[name] = _item(given, item.type, f'attribute "{name}"')
    return converted


def _tuple(value: Value, to: Type) -> Value:
    if not isinstance(value, list):
        raise _required(to)
    if len(value) != len(to.items):
        raise ConversionError(f"a tuple of {len(to.items)} is required, not of {len(value)}")
    return [
        _item(item, item_type, f"element {index}")
        for index, (item, item_type) in enumerate(zip(value, to.items, strict=True))
    ]


def _item(value: Value, to: Type, step: str) -> Value:
    try:
        return convert(value, to)
    except ConversionError as failure:
        raise failure.below(step) from None


_CONVERSIONS: Final = {
    "string": _string,
    "number": _number,
    "bool": _bool,
    "list": _list,
    "set": _list,
    "map": _map,
    "object": _object,
    "tuple": _tuple,
}

__all__ = [
    "ConversionError",
    "as_bool",
    "as_set",
    "as_text",
    "convert",
    "distinct_key",
    "type_name",
    "unified",
]
