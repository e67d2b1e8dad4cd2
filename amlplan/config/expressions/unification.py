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
    bools; lists over sets, and sets over tuples, with the elements they have. Tuples of different
    lengths become a list, objects with different attributes a map.
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
    if kinds <= {"tuple", "list"} or kinds == {"set"}:
        kind = "set" if "set" in kinds else "list"
        return _collection(kind, (inner for item in found for inner in _elements(item)))
    if kinds <= _SEQUENCES:
        return _with_sets(found, "list" if "list" in kinds else "set")
    if kinds == {"object"} and len({frozenset(item.attributes) for item in found}) == 1:
        return _object(found)
    if kinds <= _MAPPINGS:
        return _collection("map", (inner for item in found for inner in _elements(item)))
    return None


def _with_sets(found: list[Type], kind: str) -> Type | None:
    """Give the type of the lists, or else of the sets, where the others can become that."""
    to = unify(item for item in found if item.kind == kind)
    return to if to is not None and all(can_become(item, to) for item in found) else None


def is_related(one: Type, other: Type) -> bool:
    """Say whether two types are both collections of one sort, by index or by key."""
    kinds = {one.kind, other.kind}
    return kinds <= _SEQUENCES or kinds <= _MAPPINGS


def can_become(given: Type, wanted: Type) -> bool:
    """Say whether some value of a type can be converted to another one."""
    if "any" in {given.kind, wanted.kind}:
        return True
    if wanted.kind in _PRIMITIVES:
        return given.kind in _PRIMITIVES and {given.kind, wanted.kind} != {"number", "bool"}
    family = _SEQUENCES if wanted.kind in _SEQUENCES else _MAPPINGS
    if given.kind not in family:
        return False
    if wanted.kind in {"tuple", "object"}:
        return _can_become_parts(given, wanted)
    return all(can_become(item, wanted.element or ANY) for item in _elements(given))


def _can_become_parts(given: Type, wanted: Type) -> bool:
    if given.element is not None:
        parts = [(given.element, item) for item in _elements(wanted)]
        return wanted.kind == "object" and all(can_become(*pair) for pair in parts)
    if wanted.kind == "tuple":
        pairs = zip(given.items, wanted.items, strict=False)
        return len(given.items) == len(wanted.items) and all(can_become(*pair) for pair in pairs)
    return all(
        can_become(given.attributes[name].type, item.type)
        if name in given.attributes
        else item.is_optional
        for name, item in wanted.attributes.items()
    )


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
            return None
        items.append(item)
    return Type("tuple", items=tuple(items))


def _object(types: list[Type]) -> Type | None:
    attributes: dict[str, ObjectAttribute] = {}
    for name in types[0].attributes:
        item = unify(each.attributes[name].type for each in types)
        if item is None:
            return None
        attributes[name] = ObjectAttribute(item)
    return Type("object", attributes=attributes)
