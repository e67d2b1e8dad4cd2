"""Lists, sets and maps, whose elements have one type; a plain list is a tuple, a dict an object."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.text import composed
from amlplan.config.expressions.types import ANY, BOOL, NUMBER, STRING, ObjectAttribute, Type
from amlplan.values import UNKNOWN, ResourceValue, SecretReference, Sensitive

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amlplan.values import Value

_PRIMITIVES: Final = {
    str: STRING,
    bool: BOOL,
    int: NUMBER,
    Decimal: NUMBER,
    SecretReference: STRING,
}


class ListValue(list["Value"]):
    """A list: as many elements as you like, all of the type `element`."""

    __slots__ = ("element",)

    def __init__(self, items: Iterable[Value] = (), element: Type = ANY) -> None:
        super().__init__(items)
        self.element = element


class SetValue(list["Value"]):
    """A set: its elements in their order, each once. Make one with `sets.set_of`."""

    __slots__ = ("element",)

    def __init__(self, items: Iterable[Value] = (), element: Type = ANY) -> None:
        super().__init__(items)
        self.element = element


class MapValue(dict[str, "Value"]):
    """A map: any keys, and elements that are all of the type `element`."""

    __slots__ = ("element",)

    def __init__(self, items: Mapping[str, Value], element: Type = ANY) -> None:
        super().__init__(items)
        self.element = element


def is_collection(value: Value) -> bool:
    """Say whether a value is a list, set or map, not a tuple or object."""
    return isinstance(value, ListValue | SetValue | MapValue)


def strings(items: Iterable[str | None]) -> ListValue:
    """Give a list of strings."""
    return ListValue((item if item is None else composed(item) for item in items), STRING)


def like(original: list[Value], items: list[Value]) -> list[Value]:
    """Give items as a tuple, list or set, whichever the original is."""
    if isinstance(original, ListValue | SetValue):
        return type(original)(items, original.element)
    return items


def like_mapping(original: dict[str, Value], items: dict[str, Value]) -> dict[str, Value]:
    """Give items as a map where the original is one, else as an object."""
    return MapValue(items, original.element) if isinstance(original, MapValue) else items


def type_of(value: Value) -> Type:
    """Give the type of a value; `any` where it is null, unknown or a resource."""
    found = _PRIMITIVES.get(type(value))
    if found is not None:
        return found
    if isinstance(value, Sensitive):
        return type_of(value.value)
    if isinstance(value, ListValue):
        return Type("list", value.element)
    if isinstance(value, SetValue):
        return Type("set", value.element)
    if isinstance(value, MapValue):
        return Type("map", value.element)
    if isinstance(value, list):
        return Type("tuple", items=tuple(type_of(item) for item in value))
    if isinstance(value, dict) and not isinstance(value, ResourceValue):
        return Type(
            "object",
            attributes={key: ObjectAttribute(type_of(item)) for key, item in value.items()},
        )
    return ANY


def type_name(value: Value) -> str:
    """Name what a value is, for messages: string, number, bool, list, set, map, object, null."""
    if isinstance(value, Sensitive):
        return type_name(value.value)
    if isinstance(value, ResourceValue):
        return "object"
    kind = type_of(value).kind if not isinstance(value, list) or is_collection(value) else "list"
    if kind != "any":
        return kind
    return "unknown" if value is UNKNOWN else "null"


def plain(value: Value) -> Value:
    """Give the value as it leaves the language: a set, list or tuple as list, a map as dict."""
    if isinstance(value, Sensitive):
        return Sensitive(plain(value.value))
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict) and not isinstance(value, ResourceValue):
        return {key: plain(item) for key, item in value.items()}
    return value
