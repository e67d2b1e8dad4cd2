"""Functions of numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.numbers import Number, absolute, normal, plus
from amlplan.config.expressions.types import NUMBER

if TYPE_CHECKING:
    from amlplan.values import Value

_RANGE_LIMIT: Final = 1024
_NUMBER: Final = Parameter("number", NUMBER)
_NUMBERS: Final = Parameter("numbers", NUMBER)


def _largest(*numbers: Number) -> Value:
    if not numbers:
        raise FunctionFailure("at least one number is required.")
    return max(numbers)


def _smallest(*numbers: Number) -> Value:
    if not numbers:
        raise FunctionFailure("at least one number is required.")
    return min(numbers)


def _range(*bounds: Number) -> Value:
    """Count as Terraform does: `range(limit)`, `range(start, limit)`, with a step as third."""
    if len(bounds) == 1:
        start, limit = normal(0), bounds[0]
    elif bounds:
        start, limit = bounds[0], bounds[1]
    else:
        raise FunctionFailure("it takes one to three numbers: start, limit and step.")
    step = bounds[2] if len(bounds) > 2 else (1 if limit >= start else -1)  # noqa: PLR2004
    if len(bounds) > 3:  # noqa: PLR2004
        raise FunctionFailure("it takes one to three numbers: start, limit and step.")
    if step == 0:
        raise FunctionFailure("the step must not be zero.", 2)
    if (limit > start and step < 0) or (limit < start and step > 0):
        raise FunctionFailure("the step leads away from the limit.", 2)
    found: list[Value] = []
    current = start
    while (current < limit) if step > 0 else (current > limit):
        if len(found) == _RANGE_LIMIT:
            raise FunctionFailure(f"more than {_RANGE_LIMIT} numbers would be the result.")
        found.append(normal(current))
        current = plus(current, step)
    return found


NUMERIC: Final = (
    Function("abs", absolute, (_NUMBER,)),
    Function("ceil", math.ceil, (_NUMBER,)),
    Function("floor", math.floor, (_NUMBER,)),
    Function("max", _largest, variadic=_NUMBERS),
    Function("min", _smallest, variadic=_NUMBERS),
    Function("range", _range, variadic=_NUMBERS),
)
