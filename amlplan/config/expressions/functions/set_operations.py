"""Functions of sets."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.conversion import convert
from amlplan.config.expressions.functions.arguments import items_of
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.sets import distinct_key, set_of
from amlplan.config.expressions.typed_collections import ListValue, SetValue
from amlplan.config.expressions.types import ANY, LIST, SET, Type
from amlplan.config.expressions.unification import unify

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.values import Value

_PRODUCT_LIMIT: Final = 1_000_000
_FIRST: Final = Parameter("first_set", SET)
_OTHERS: Final = Parameter("other_sets", SET)


def _combined(combine: Callable[[set[str], set[str]], set[str]]) -> Callable[..., Value]:
    """Give the function that puts sets together by the keys of their elements."""

    def combined(*sets: SetValue) -> Value:
        element = unify(each.element for each in sets)
        if element is None:
            raise FunctionFailure("all sets must have elements of one type.")
        keyed = [
            {distinct_key(item): item for item in (convert(item, element) for item in each)}
            for each in sets
        ]
        found = set(keyed[0])
        for each in keyed[1:]:
            found = combine(found, set(each))
        return set_of(
            (item for each in keyed for key, item in each.items() if key in found), element
        )

    return combined


def _product(*sets: Value) -> Value:
    """Give every choice of one element from each; a set of them where one of them is a set."""
    if len(sets) < 2:  # noqa: PLR2004 - a product
        raise FunctionFailure("at least two sets are required.")
    lists: list[ListValue] = []
    for position, value in enumerate(sets):
        found = convert(items_of(value, position), LIST)
        lists.append(found)  # type: ignore[arg-type]
    if math.prod(len(items) for items in lists) > _PRODUCT_LIMIT:
        raise FunctionFailure(f"more than {_PRODUCT_LIMIT} elements would be the result.")
    element = Type("tuple", items=tuple(items.element for items in lists))
    choices = [list(choice) for choice in itertools.product(*lists)]
    if any(isinstance(value, SetValue) for value in sets):
        return set_of(choices, element)
    return ListValue(choices, element)


SET_FUNCTIONS: Final = (
    Function("setintersection", _combined(set.intersection), (_FIRST,), _OTHERS),
    Function("setproduct", _product, variadic=Parameter("sets", ANY)),
    Function("setsubtract", _combined(set.difference), (Parameter("a", SET), Parameter("b", SET))),
    Function("setunion", _combined(set.union), (_FIRST,), _OTHERS),
)
