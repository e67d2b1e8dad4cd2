"""Functions of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.expressions import text
from amlplan.config.expressions.conversion import ConversionError, convert, unified
from amlplan.config.expressions.functions.arguments import (
    items_of,
    named,
    sequence,
    whole_number,
)
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.marks import marked, unmarked
from amlplan.config.expressions.numbers import Number, plus
from amlplan.config.expressions.operators import equal
from amlplan.config.expressions.sets import distinct_key
from amlplan.config.expressions.typed_collections import ListValue, SetValue, like, strings
from amlplan.config.expressions.types import ANY, BOOL, LIST, NUMBER, STRINGS, Type
from amlplan.config.expressions.unification import unify
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from amlplan.values import Value

_LIST: Final = Parameter("list", ANY, resolves=True)
_LISTS: Final = Parameter("lists", ANY, resolves=True)
_SAME: Final = Parameter("list", LIST, resolves=True)
_STRINGS: Final = Parameter("list", STRINGS)
_BOOLS: Final = Parameter("list", Type("list", BOOL))
_VALUE: Final = Parameter("value", ANY)
_DEFAULT: Final = Parameter("values", ANY, allows_null=True)


def _concat(*lists: Value) -> Value:
    if not lists:
        raise FunctionFailure("at least one list is required.")
    found = [sequence(value, position) for position, value in enumerate(lists)]
    joined = [item for items in found for item in items]
    if all(isinstance(items, ListValue) for items in found):
        element = unify(items.element for items in found if isinstance(items, ListValue))
        if element is not None:
            return ListValue((convert(item, element) for item in joined), element)
    return joined


def _contains(items: Value, wanted: Value) -> Value:
    return any(equal(item, wanted) is True for item in items_of(items))


def _index(items: Value, wanted: Value) -> Value:
    for position, item in enumerate(sequence(items)):
        if equal(item, wanted) is True:
            return position
    raise FunctionFailure("the list does not hold this value.", 1)


def _element(value: Value, index: Number) -> Value:
    """Take an element, counting on from the start after the end; a list also counts back."""
    items = sequence(value)
    if not items:
        raise FunctionFailure("an empty list has no elements.", 0)
    position = whole_number(index, 1)
    if position < 0 and position % len(items) and not isinstance(items, ListValue):
        raise FunctionFailure("the index of a tuple must not be negative. Use tolist(…).", 1)
    return items[position % len(items)]


def _slice(value: Value, start: Number, end: Number) -> Value:
    items = sequence(value)
    first, last = whole_number(start, 1), whole_number(end, 2)
    if not 0 <= first <= last <= len(items):
        blamed = 1 if not 0 <= first <= len(items) else 2
        raise FunctionFailure(
            f"the start must be 0 at least, the end not before it, and not behind the end of the "
            f"list, which has {len(items)} elements.",
            blamed,
        )
    return like(items, items[first:last])


def _flatten(value: Value) -> Value:
    """Put the elements of inner lists in their place; unknown ones could hold any number."""
    flat: list[Value] = []
    is_marked = False
    waiting = [iter(items_of(value))]
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


def _distinct(items: ListValue) -> Value:
    unique: dict[str, Value] = {}
    for item in items:
        unique.setdefault(distinct_key(item), item)
    return ListValue(unique.values(), items.element)


def _chunks(items: ListValue, size: Number) -> Value:
    length = whole_number(size, 1)
    if length < 0:
        raise FunctionFailure("the size must not be negative.", 1)
    length = length or max(len(items), 1)
    starts = range(0, len(items), length)
    inner = Type("list", items.element)
    return ListValue((ListValue(items[at : at + length], items.element) for at in starts), inner)


def _sort(items: list[str | None]) -> Value:
    texts = [item for item in items if item is not None]
    if len(texts) != len(items):
        raise FunctionFailure("null cannot be sorted.", 0)
    return strings(sorted(texts))


def _reverse(value: Value) -> Value:
    items = items_of(value)
    if isinstance(items, SetValue):
        return ListValue(items[::-1], items.element)
    return like(items, items[::-1])


def _compact(items: list[str | None]) -> Value:
    return strings(item for item in items if item)


def _one(value: Value) -> Value:
    items = items_of(value)
    if len(items) > 1:
        raise FunctionFailure(f"a list of one or no element is required, not of {len(items)}.", 0)
    return items[0] if items else None


def _coalesce(*values: Value) -> Value:
    """Give the first that is neither null nor an empty string; those behind it do not matter."""
    plain = [unmarked(value) for value in values]
    as_one = unified([value for value, _ in plain])
    if as_one is None:
        raise FunctionFailure("all arguments must be of one type.")
    is_marked = False
    for value, (_, was_marked) in zip(as_one, plain, strict=True):
        is_marked = is_marked or was_marked
        if value is not None and value != "":
            return marked(value, is_marked)
    raise FunctionFailure("all arguments are null or empty strings.")


def _coalescelist(*lists: Value) -> Value:
    for found in [sequence(value, position) for position, value in enumerate(lists)]:
        if found:
            return found
    raise FunctionFailure("all arguments are empty lists.")


def _matchkeys(values: ListValue, keys: ListValue, wanted: ListValue) -> Value:
    """Give the values whose key, at the same index, is among the wanted ones."""
    if len(keys) != len(values):
        raise FunctionFailure(
            f"there are {len(values)} values and {len(keys)} keys; as many are required.", 1
        )
    same = unified([keys, wanted])
    if same is None:
        raise FunctionFailure("the keys and what they are looked for in must be of one type.", 2)
    found = {distinct_key(item) for item in items_of(same[1])}
    pairs = zip(values, items_of(same[0]), strict=True)
    return ListValue((value for value, key in pairs if distinct_key(key) in found), values.element)


def _sum(value: Value) -> Value:
    items = items_of(value)
    if not items:
        raise FunctionFailure("an empty list has no sum.", 0)
    total: Number = 0
    for position, item in enumerate(items):
        if item is None:
            raise FunctionFailure(f"element {position} is null, which cannot be added.", 0)
        try:
            number = convert(item, NUMBER)
        except ConversionError as failure:
            raise FunctionFailure(f"element {position}: {failure}.", 0) from None
        total = plus(total, number)  # type: ignore[arg-type]
    return total


def _length(value: Value) -> Value:
    if isinstance(value, list | dict):
        return len(value)
    if isinstance(value, str):
        return text.length(value)
    raise FunctionFailure(
        f"a list, an object or a string is required, and this is {named(value)}.", 0
    )


def _all_true(items: list[Value]) -> Value:
    return all(item is True for item in items)


def _any_true(items: list[Value]) -> Value:
    return any(item is True for item in items)


LIST_FUNCTIONS: Final = (
    Function("alltrue", _all_true, (_BOOLS,)),
    Function("anytrue", _any_true, (_BOOLS,)),
    Function("chunklist", _chunks, (_SAME, Parameter("size", NUMBER)), is_structural=True),
    Function("coalesce", _coalesce, variadic=_DEFAULT, is_raw=True),
    Function("coalescelist", _coalescelist, variadic=_LISTS, is_structural=True),
    Function("compact", _compact, (_STRINGS,)),
    Function("concat", _concat, variadic=_LISTS, is_structural=True),
    Function("contains", _contains, (_LIST, _VALUE)),
    Function("distinct", _distinct, (_SAME,)),
    Function("element", _element, (_LIST, Parameter("index", NUMBER)), is_structural=True),
    Function("flatten", _flatten, (_LIST,), is_structural=True),
    Function("index", _index, (_LIST, _VALUE)),
    Function("length", _length, (Parameter("value", ANY, resolves=True),), is_structural=True),
    Function(
        "matchkeys",
        _matchkeys,
        (Parameter("values", LIST), Parameter("keys", LIST), Parameter("searchset", LIST)),
    ),
    Function("one", _one, (_LIST,), is_structural=True),
    Function("reverse", _reverse, (_LIST,), is_structural=True),
    Function(
        "slice",
        _slice,
        (_LIST, Parameter("start_index", NUMBER), Parameter("end_index", NUMBER)),
        is_structural=True,
    ),
    Function("sort", _sort, (_STRINGS,)),
    Function("sum", _sum, (_LIST,)),
)
