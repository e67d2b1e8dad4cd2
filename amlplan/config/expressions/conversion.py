"""Converts values to types, by Terraform's rules."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.marks import deep_unmarked, holds_unknown
from amlplan.config.expressions.numbers import (
    NumberRangeError,
    is_number,
    number_text,
    parse_number,
)
from amlplan.config.expressions.sets import set_of
from amlplan.config.expressions.typed_collections import (
    ListValue,
    MapValue,
    SetValue,
    type_name,
    type_of,
)
from amlplan.config.expressions.types import ANY, Type
from amlplan.config.expressions.unification import can_become, unify
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
    secret counts as a string and stays as it is. An element type of `any` is found from the
    elements. A resource stays one.
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


def unified(items: list[Value]) -> list[Value] | None:
    """Give the items as values of the one type that all can have, or None where there is none."""
    to = unify(type_of(item) for item in items)
    return None if to is None else [convert(item, to) for item in items]


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
    items, element = _elements(value, to)
    return ListValue(items, element)


def _set(value: Value, to: Type) -> Value:
    """Give a set; a sensitive element makes all of it sensitive, an unknown one unknown."""
    if isinstance(value, SetValue) and to.element in (ANY, value.element):
        return value
    if not isinstance(value, list):
        raise _required(to)
    if holds_unknown(value):
        return UNKNOWN  # two unknown elements may turn out to be one
    items, element = _elements(value, to)
    bare = [deep_unmarked(item) for item in items]
    found = set_of((item for item, _ in bare), element)
    return Sensitive(found) if any(was_marked for _, was_marked in bare) else found


def _map(value: Value, to: Type) -> Value:
    if not isinstance(value, dict):
        raise _required(to)
    if to.element == ANY and isinstance(value, ResourceValue):
        return value
    items, element = _elements(value, to)
    return MapValue(dict(zip(value, items, strict=True)), element)


def _elements(value: list[Value] | dict[str, Value], to: Type) -> tuple[list[Value], Type]:
    """Give the elements of a collection as the type wants them, and their type."""
    wanted = to.element or ANY
    given = value.element if isinstance(value, ListValue | SetValue | MapValue) else None
    items = list(value.values()) if isinstance(value, dict) else value
    if given is not None and wanted in (ANY, given):
        return items, given
    if given is not None and not items and not can_become(given, wanted):
        raise ConversionError(f"elements of type {wanted} are required, not of type {given}")
    steps = (f'"{key}"' for key in value) if isinstance(value, dict) else range(len(items))
    converted = (
        items
        if wanted == ANY
        else [
            _item(item, wanted, f"element {step}") for item, step in zip(items, steps, strict=True)
        ]
    )
    if not wanted.is_open:
        return converted, wanted.without_optional()
    element = unify(type_of(item) for item in converted)
    if element is None:
        raise ConversionError("all elements must have the same type")
    return [convert(item, element) for item in converted], element


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
    return value if isinstance(value, ResourceValue) else converted


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
    "set": _set,
    "map": _map,
    "object": _object,
    "tuple": _tuple,
}

__all__ = [
    "ConversionError",
    "as_bool",
    "as_text",
    "convert",
    "type_name",
    "unified",
]
