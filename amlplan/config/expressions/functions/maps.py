"""Functions of objects and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.access import suggestion
from amlplan.config.expressions.conversion import ConversionError, convert
from amlplan.config.expressions.functions.arguments import mapping, sequence
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.typed_collections import ListValue, MapValue, strings
from amlplan.config.expressions.types import ANY, STRING, STRINGS, Type

if TYPE_CHECKING:
    from amlplan.values import Value

_MAP: Final = Parameter("map", ANY, resolves=True)


def _keys(value: Value) -> Value:
    found = sorted(mapping(value))
    return strings(found) if isinstance(value, MapValue) else list[object](found)


def _values(value: Value) -> Value:
    found = [item for _, item in sorted(mapping(value).items())]
    return ListValue(found, value.element) if isinstance(value, MapValue) else found


def _merge(*maps: Value) -> Value:
    """Put maps of one type together to such a map, all else to an object; null is left out."""
    merged: dict[str, Value] = {}
    for position, value in enumerate(maps):
        if value is not None:
            merged.update(mapping(value, position))
    first = maps[0] if maps else None
    if isinstance(first, MapValue) and all(
        isinstance(value, MapValue) and value.element == first.element for value in maps
    ):
        return MapValue(merged, first.element)
    return merged


def _lookup(value: Value, key: str, *default: Value) -> Value:
    found = mapping(value)
    if default and isinstance(found, MapValue):
        try:
            default = (convert(default[0], found.element),)
        except ConversionError as failure:
            raise FunctionFailure(f"the default must fit the map: {failure}.", 2) from None
    if key in found:
        return found[key]
    if default:
        return default[0]
    raise FunctionFailure(
        f'the object has no key "{key}", and no default is given. {suggestion(key, found)}', 1
    )


def _zipmap(keys: list[str | None], values: Value) -> Value:
    items = sequence(values, 1)
    if len(keys) != len(items):
        raise FunctionFailure(
            f"there are {len(keys)} keys and {len(items)} values; as many are required.", 1
        )
    named: dict[str, Value] = {}
    for key, item in zip(keys, items, strict=True):
        if not isinstance(key, str):
            raise FunctionFailure("every key must be a known string that is not sensitive.", 0)
        named[key] = item
    return MapValue(named, items.element) if isinstance(items, ListValue) else named


def _transpose(values: dict[str, list[str] | None]) -> Value:
    """Make the elements keys, and a list of the keys they stood under their elements."""
    turned: dict[str, list[str]] = {}
    for key in sorted(values):
        items = values[key]
        if items is None or None in items:
            raise FunctionFailure(f'what stands under "{key}" is null, or holds null.', 0)
        for item in items:
            turned.setdefault(item, []).append(key)
    return MapValue({key: strings(items) for key, items in sorted(turned.items())}, STRINGS)


MAP_FUNCTIONS: Final = (
    Function("keys", _keys, (_MAP,), is_structural=True),
    Function(
        "lookup",
        _lookup,
        (_MAP, Parameter("key", STRING), Parameter("default", ANY, allows_null=True)),
        optional=1,
        is_structural=True,
    ),
    Function(
        "merge",
        _merge,
        variadic=Parameter("maps", ANY, allows_null=True, resolves=True),
        is_structural=True,
    ),
    Function("transpose", _transpose, (Parameter("values", Type("map", STRINGS)),)),
    Function("values", _values, (_MAP,), is_structural=True),
    Function(
        "zipmap",
        _zipmap,
        (Parameter("keys", STRINGS), Parameter("values", ANY, resolves=True)),
        is_structural=True,
    ),
)
