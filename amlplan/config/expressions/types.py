"""Types that a value can be asked to have."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from amlplan.values import UNKNOWN, SecretReference, Sensitive

if TYPE_CHECKING:
    from amlplan.values import Value


@dataclass(frozen=True, slots=True)
class ObjectAttribute:
    """What an object type says of one attribute; an optional one left out gets `default`."""

    type: Type
    is_optional: bool = False
    default: Value = None


@dataclass(frozen=True, slots=True)
class Type:
    """A type: `kind` is the word it is written with.

    `element` belongs to list, set and map, `attributes` to object, `items` to tuple.
    """

    kind: str
    element: Type | None = None
    attributes: dict[str, ObjectAttribute] = field(default_factory=dict)
    items: tuple[Type, ...] = ()

    def __str__(self) -> str:
        if self.kind == "object":
            inner = ", ".join(f"{name} = {item.type}" for name, item in self.attributes.items())
            return f"object({{{inner}}})"
        if self.kind == "tuple":
            return f"tuple([{', '.join(map(str, self.items))}])"
        return f"{self.kind}({self.element})" if self.element else self.kind


STRING: Final = Type("string")
NUMBER: Final = Type("number")
BOOL: Final = Type("bool")
ANY: Final = Type("any")
LIST: Final = Type("list", ANY)
STRINGS: Final = Type("list", STRING)
MAP: Final = Type("map", ANY)


def type_name(value: Value) -> str:
    """Name what a value is, for messages: string, number, bool, list, object, null or unknown."""
    if isinstance(value, Sensitive):
        return type_name(value.value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | Decimal):
        return "number"
    if isinstance(value, str | SecretReference):
        return "string"
    if isinstance(value, list):
        return "list"
    if isinstance(value, dict):
        return "object"
    return "unknown" if value is UNKNOWN else type(value).__name__
