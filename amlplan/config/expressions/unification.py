"""The one type that values of several types can have together, by Terraform's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.types import ANY, STRING, ObjectAttribute, Type

if TYPE_CHECKING:
    from collections.abc import Iterable

_PRIMITIVES: Final = frozenset({"string", "number", "bool"})
_SEQUENCES: Final = frozenset({"list", "set", "tuple"})
_MAPPINGS: Final = frozenset({"map", "object"})


def unify(types: Iterable[Type]) -> Type | None:
    """Give the type that all can be converted to, or None where there is none.

    What is null or unknown has the type `any` and fits everywhere. Strings win over numbers and
    bools, lists over sets, sets over tuples; tuples of different lengths become a list, objects
    with different attributes a map.
    """
    found: list[Type] = []
    for item in types:
        if item.kind != "any" and item not in found:
            found.append(item)
    if len(found) < 2:  # noqa: PLR2004 - nothing to unify
        return found[0] if found else ANY
    kinds = {item.kind for item in found}
    if kinds <= _PRIMITIVES:
        return STRING if "string" in kinds else None
    if kinds == {"tuple"} and len({len(item.items) for item in found}) == 1:
        return _tuple(found)
    if kinds <= _SEQUENCES:
        kind = "set" if "set" in kinds and "list" not in kinds else "list"
        return _collection(kind, (inner for item in found for inner in _elements(item)))
    if kinds == {"object"} and len({frozenset(item.attributes) for item in found}) == 1:
        return _object(found)
    if kinds <= _MAPPINGS:
        return _collection("map", (inner for item in found for inner in _elements(item)))
    return None


def _elements(of: Type) -> tuple[Type, ...]:
    if of.element is not None:
        return (of.element,)
    return of.items or tuple(item.type for item in of.attributes.values())


def _collection(kind: str, elements: Iterable[Type]) -> Type | None:
    element = unify(elements)
    return None if element is None else Type(kind, element)


def _tuple(types: list[Type]) -> Type | None:
    items: list[Type] = []
    for position in range(len(types[0].items)):
        item = unify(each.items[position] for each in types)
        if item is None:
            return _collection("list", (inner for each in types for inner in each.items))
        items.append(item)
    return Type("tuple", items=tuple(items))


def _object(types: list[Type]) -> Type | None:
    attributes: dict[str, ObjectAttribute] = {}
    for name in types[0].attributes:
        item = unify(each.attributes[name].type for each in types)
        if item is None:
            return _collection("map", (inner for each in types for inner in _elements(each)))
        attributes[name] = ObjectAttribute(item)
    return Type("object", attributes=attributes)
