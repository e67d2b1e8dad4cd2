"""Numbers: exact integers and decimals, to and from text."""

from __future__ import annotations

import operator
import re
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Number: TypeAlias = int | Decimal

MAX_DIGITS: Final = 1000
EXACT: Final = Context(prec=2200)
QUOTIENT: Final = Context(prec=155)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")


class NumberRangeError(Exception):
    """A number has more than `MAX_DIGITS` digits."""


def is_number(value: object) -> bool:
    """Say whether a value is a number; a bool is none."""
    return type(value) is int or type(value) is Decimal


def normal(number: Number) -> Number:
    """Give a whole number as int; fails where it is too long to work with."""
    if isinstance(number, int):
        if number.bit_length() > MAX_DIGITS * 10 // 3:
            raise NumberRangeError
        return number
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        if number == 0:
            return 0
        raise NumberRangeError
    if number == number.to_integral_value():
        return int(number)
    return number


def from_float(number: float) -> Number:
    """Give the shortest decimal number that stands for this floating-point number alone."""
    return normal(Decimal(repr(number)))


def parse_number(text: str) -> Number | None:
    """Give the number a text states in decimal notation, or None where it states none."""
    if _NUMBER.match(text) is None:
        return None
    if len(text) > 2 * MAX_DIGITS:
        raise NumberRangeError
    return normal(Decimal(text))


def number_text(number: Number) -> str:
    """Give the number in decimal digits, never with an exponent."""
    if isinstance(number, int):
        return str(number)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exactly(
    left: Number,
    right: Number,
    whole: Callable[[int, int], int],
    decimal: Callable[[Decimal, Decimal], Decimal],
) -> Number:
    """Give the result of an operation on integers, or on decimals where one of the two is."""
    if isinstance(left, int) and isinstance(right, int):
        return normal(whole(left, right))
    return normal(decimal(Decimal(left), Decimal(right)))


def plus(left: Number, right: Number) -> Number:
    """Give the exact sum."""
    return exactly(left, right, operator.add, EXACT.add)


def absolute(number: Number) -> Number:
    """Give the number without its sign."""
    return abs(number) if isinstance(number, int) else number.copy_abs()


def opposite(number: Number) -> Number:
    """Give the number with the other sign."""
    return -number if isinstance(number, int) else number.copy_negate()


def divide(left: Number, right: Number) -> Number:
    """Give the quotient: exact where it has an end, else to 155 digits."""
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return normal(QUOTIENT.divide(Decimal(left), Decimal(right)))


def remainder(left: Number, right: Number) -> Number:
    """Give what division to a whole number leaves; it has the sign of `left`, as in Terraform."""
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    return normal(EXACT.remainder(Decimal(left), Decimal(right)))
