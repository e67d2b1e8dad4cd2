"""The operators, on values without marks."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.conversion import as_bool
from amlplan.config.expressions.numbers import (
    EXACT,
    Number,
    NumberRangeError,
    divide,
    exactly,
    is_number,
    opposite,
    parse_number,
    plus,
    remainder,
)
from amlplan.config.expressions.typed_collections import is_collection, type_name, type_of
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from amlplan.values import Value


class OperandError(Exception):
    """An operator cannot work on what it was given; `code` and the texts make the diagnostic."""

    def __init__(self, code: str, summary: str, detail: str) -> None:
        super().__init__(code, summary, detail)
        self.code = code
        self.summary = summary
        self.detail = detail


def number_operand(value: Value) -> Number:
    """Give a number, or the one that a string states; raises OperandError for all else."""
    if is_number(value):
        return value  # type: ignore[return-value]
    try:
        found = parse_number(value) if isinstance(value, str) else None
    except NumberRangeError:
        found = None
    if found is None:
        raise _invalid_operand("a number", value)
    return found


def bool_operand(value: Value) -> bool:
    """Give a bool, or the one that a string states; raises OperandError for all else."""
    found = as_bool(value)
    if found is None:
        raise _invalid_operand("true or false", value)
    return found


def _invalid_operand(required: str, value: Value) -> OperandError:
    given = "null" if value is None else f"of type {type_name(value)}"
    return OperandError(
        "invalid_operand",
        "Invalid operand",
        f"The operator requires {required}, and this operand is {given}.",
    )


def negative(value: Value) -> Value:
    """Give the number with the other sign."""
    return opposite(number_operand(value))


def negation(value: Value) -> Value:
    """Give the other bool."""
    return not bool_operand(value)


def arithmetic(symbol: str, left: Value, right: Value) -> Value:
    """Give the result of an arithmetic or ordering operator."""
    first, second = number_operand(left), number_operand(right)
    if second == 0 and symbol in {"/", "%"}:
        raise OperandError(
            "division_by_zero",
            "Division by zero",
            "The right operand is zero. Make it conditional where it can be.",
        )
    try:
        return _NUMERIC[symbol](first, second)
    except NumberRangeError:
        raise OperandError(
            "number_out_of_range",
            "Number out of range",
            "The result has too many digits to work with.",
        ) from None


def equal(left: Value, right: Value) -> Value:
    """Say whether two values are the same; values of different types never are.

    Gives UNKNOWN where that depends on something unknown.
    """
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return False
        return _of_type(left, right, (equal(*pair) for pair in zip(left, right, strict=True)))
    if isinstance(left, dict) and isinstance(right, dict):
        if left.keys() != right.keys():
            return False
        return _of_type(left, right, (equal(item, right[key]) for key, item in left.items()))
    if is_number(left) and is_number(right):
        return left == right
    return type(left) is type(right) and left == right


def _of_type(left: Value, right: Value, results: Iterable[Value]) -> Value:
    """Say whether two collections are of one type, and all of their elements are the same."""
    if is_collection(left) or is_collection(right):
        if type(left) is not type(right):
            return False
        found = _all(results)
        same_type = type_of(left) == type_of(right)
        return found if same_type or found is UNKNOWN else False
    return _all(results)


def _all(results: Iterable[Value]) -> Value:
    found: Value = True
    for result in results:
        if result is False:
            return False
        found = UNKNOWN if result is UNKNOWN else found
    return found


_NUMERIC: Final[dict[str, Callable[[Number, Number], Value]]] = {
    "+": plus,
    "-": lambda left, right: exactly(left, right, operator.sub, EXACT.subtract),
    "*": lambda left, right: exactly(left, right, operator.mul, EXACT.multiply),
    "/": divide,
    "%": remainder,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
