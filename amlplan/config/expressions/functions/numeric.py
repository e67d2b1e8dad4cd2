"""Functions of numbers."""

from __future__ import annotations

import math
import string
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.arguments import named, whole_number
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.numbers import (
    EXACT,
    MAX_DIGITS,
    Number,
    NumberRangeError,
    absolute,
    from_float,
    normal,
    plus,
)
from amlplan.config.expressions.typed_collections import ListValue
from amlplan.config.expressions.types import NUMBER

if TYPE_CHECKING:
    from amlplan.values import Value

_RANGE_LIMIT: Final = 1024
_DIGITS: Final = string.digits + string.ascii_letters
_ONE_CASE: Final = 36
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
    return ListValue(found, NUMBER)


def _power(base: Number, exponent: Number) -> Value:
    """Give a power: exact where the exponent is whole, else to the digits of floating point."""
    if isinstance(exponent, int) and exponent >= 0:
        digits = len(Decimal(base).as_tuple().digits) * exponent
        if digits <= MAX_DIGITS or base in {0, 1}:
            return normal(EXACT.power(Decimal(base), exponent) if base else 0**exponent)
    try:
        return from_float(math.pow(base, exponent))
    except (ValueError, OverflowError):
        raise FunctionFailure("the result is no number, or too large for one.") from None


def _logarithm(number: Number, base: Number) -> Value:
    try:
        return from_float(math.log(number) / math.log(base))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise FunctionFailure(
            "the number and the base must be positive, and the base not 1."
        ) from None


def _signum(number: Number) -> Value:
    whole = whole_number(number, 0)
    return (whole > 0) - (whole < 0)


def _parseint(text: Value, base: Number) -> Value:
    """Read a whole number in a base of 2 to 62; above 36, capitals follow small letters."""
    if not isinstance(text, str):
        raise FunctionFailure(f"a string is required, and this is {named(text)}.", 0)
    radix = whole_number(base, 1)
    if not 2 <= radix <= len(_DIGITS):  # noqa: PLR2004 - the smallest base
        raise FunctionFailure(f"the base must lie between 2 and {len(_DIGITS)}.", 1)
    if len(text) > MAX_DIGITS:
        raise NumberRangeError
    digits = text[1:] if text[:1] in {"+", "-"} else text
    found = 0
    for digit in digits if radix > _ONE_CASE else digits.lower():
        value = _DIGITS.find(digit)
        if not 0 <= value < radix:
            raise FunctionFailure(f"this is no whole number in base {radix}.", 0)
        found = found * radix + value
    if not digits:
        raise FunctionFailure("an empty string is no number.", 0)
    return -found if text.startswith("-") else found


NUMERIC: Final = (
    Function("abs", absolute, (_NUMBER,)),
    Function("ceil", math.ceil, (_NUMBER,)),
    Function("floor", math.floor, (_NUMBER,)),
    Function("log", _logarithm, (_NUMBER, Parameter("base", NUMBER))),
    Function("max", _largest, variadic=_NUMBERS),
    Function("min", _smallest, variadic=_NUMBERS),
    Function("parseint", _parseint, (Parameter("number"), Parameter("base", NUMBER))),
    Function("pow", _power, (_NUMBER, Parameter("power", NUMBER))),
    Function("range", _range, variadic=_NUMBERS),
    Function("signum", _signum, (_NUMBER,)),
)
