"""Functions of lists and objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.access import suggestion
from amlplan.config.expressions.conversion import distinct_key, unified
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.marks import marked, unmarked
from amlplan.config.expressions.operators import equal
from amlplan.config.expressions.types import ANY, NUMBER, STRING, STRINGS, type_name
from amlplan.values import UNKNOWN, SecretReference

if TYPE_CHECKING:
    from amlplan.config.expressions.numbers import Number
    from amlplan.values import Value

_ANY: Final = Parameter("value", ANY, resolves=True)
_LIST: Final = Parameter("list", ANY, resolves=True)
_LISTS: Final = Parameter("lists", ANY, resolves=True)
_MAP: Final = Parameter("map", ANY, resolves=True)
_DEFAULT: Final = Parameter("default", ANY, allows_null=True)


def _items(value: Value, argument: int = 0) -> list[Value]:
    if not isinstance(value, list):
        raise FunctionFailure(f"a list is required, and this is {_named(value)}.", argument)
    return value


def _mapping(value: Value, argument: int = 0) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise FunctionFailure(f"an object is required, and this is {_named(value)}.", argument)
    return value


def _named(value: Value) -> str:
    name = type_name(value)
    return name if name == "null" else f"{'an' if name == 'object' else 'a'} {name}"


def _length(value: Value) -> Value:
    if isinstance(value, str | list | dict):
        return len(value)
    raise FunctionFailure(
        f"a list, an object or a string is required, and this is {_named(value)}.", 0
    )


def _concat(*lists: Value) -> Value:
    if not lists:
        raise FunctionFailure("at least one list is required.")
    return [item for position, value in enumerate(lists) for item in _items(value, position)]


def _contains(items: Value, wanted: Value) -> Value:
    return any(equal(item, wanted) is True for item in _items(items))


def _keys(value: Value) -> Value:
    return sorted(_mapping(value))


def _values(value: Value) -> Value:
    return [item for _, item in sorted(_mapping(value).items())]


def _merge(*maps: Value) -> Value:
    merged: dict[str, Value] = {}
    for position, value in enumerate(maps):
        if value is not None:
            merged.update(_mapping(value, position))
    return merged


def _lookup(value: Value, key: str, *default: Value) -> Value:
    found = _mapping(value)
    if key in found:
        return found[key]
    if default:
        return default[0]
    raise FunctionFailure(
        f'the object has no key "{key}", and no default is given. {suggestion(key, found)}', 1
    )


def _element(value: Value, index: Number) -> Value:
    items = _items(value)
    if index != int(index):
        raise FunctionFailure("the index must be a whole number.", 1)
    if index < 0:
        raise FunctionFailure("the index must not be negative.", 1)
    if not items:
        raise FunctionFailure("an empty list has no elements.", 0)
    return items[int(index) % len(items)]


def _flatten(value: Value) -> Value:
    """Put the elements of inner lists in their place; unknown ones could hold any number."""
    flat: list[Value] = []
    is_marked = False
    waiting = [iter(_items(value))]
    while waiting:
        for item in waiting[-1]:
            plain, was_marked = unmarked(item)
            if plain is UNKNOWN:
                return marked(UNKNOWN, is_marked or was_marked)
            if isinstance(plain, list):
                is_marked = is_marked or was_marked
                waiting.append(iter(plain))
                break
            flat.append(item)
        else:
            waiting.pop()
    return marked(flat, is_marked)


def _distinct(value: Value) -> Value:
    unique: dict[str, Value] = {}
    for item in _items(value):
        unique.setdefault(distinct_key(item), item)
    return list(unique.values())


def _sort(items: list[str | None]) -> Value:
    texts = [item for item in items if item is not None]
    if len(texts) != len(items):
        raise FunctionFailure("null cannot be sorted.", 0)
    return sorted(texts)


def _reverse(value: Value) -> Value:
    return _items(value)[::-1]


def _zipmap(keys: list[str | None], values: Value) -> Value:
    items = _items(values, 1)
    if len(keys) != len(items):
        raise FunctionFailure(
            f"there are {len(keys)} keys and {len(items)} values; as many are required.", 1
        )
    named: dict[str, Value] = {}
    for key, item in zip(keys, items, strict=True):
        if not isinstance(key, str):
            raise FunctionFailure("every key must be a known string that is not sensitive.", 0)
        named[key] = item
    return named


def _compact(items: list[str | None]) -> Value:
    return [item for item in items if item]


def _one(value: Value) -> Value:
    items = _items(value)
    if len(items) > 1:
        raise FunctionFailure(f"a list of one or no element is required, not of {len(items)}.", 0)
    return items[0] if items else None


def _coalesce(*values: Value) -> Value:
    """Give the first that is neither null nor an empty string; those behind it do not matter."""
    plain = [unmarked(value) for value in values]
    known = [value for value, _ in plain if not isinstance(value, SecretReference)]
    as_one = iter(unified(known))
    is_marked = False
    for value, was_marked in plain:
        is_marked = is_marked or was_marked
        if isinstance(value, SecretReference) or value is UNKNOWN:
            return marked(value, is_marked)
        same = next(as_one)
        if same is not None and same != "":
            return marked(same, is_marked)
    raise FunctionFailure("all arguments are null or empty strings.")


COLLECTION_FUNCTIONS: Final = (
    Function("coalesce", _coalesce, variadic=_DEFAULT, is_raw=True),
    Function("compact", _compact, (Parameter("list", STRINGS),)),
    Function("concat", _concat, variadic=_LISTS, is_structural=True),
    Function("contains", _contains, (_LIST, Parameter("value", ANY, allows_null=True))),
    Function("distinct", _distinct, (_LIST,)),
    Function("element", _element, (_LIST, Parameter("index", NUMBER)), is_structural=True),
    Function("flatten", _flatten, (_LIST,), is_structural=True),
    Function("keys", _keys, (_MAP,), is_structural=True),
    Function("length", _length, (_ANY,), is_structural=True),
    Function(
        "lookup",
        _lookup,
        (_MAP, Parameter("key", STRING), _DEFAULT),
        optional=1,
        is_structural=True,
    ),
    Function(
        "merge",
        _merge,
        variadic=Parameter("maps", ANY, allows_null=True, resolves=True),
        is_structural=True,
    ),
    Function("one", _one, (_LIST,), is_structural=True),
    Function("reverse", _reverse, (_LIST,), is_structural=True),
    Function("sort", _sort, (Parameter("list", STRINGS),)),
    Function("values", _values, (_MAP,), is_structural=True),
    Function("zipmap", _zipmap, (Parameter("keys", STRINGS), _LIST), is_structural=True),
)
