"""Compares what runs recorded with what a condition says; numbers in texts count as numbers."""

from __future__ import annotations

import operator
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUALITY = frozenset({"==", "!="})


def known(value: object) -> object:
    """A recorded value as conditions take it; None for NaN, which nothing can be compared with."""
    if isinstance(value, float):
        return None if value != value else Decimal(repr(value))  # noqa: PLR0124 - NaN alone differs
    return value


def compared(symbol: str, left: object, right: object) -> bool | None:
    """Whether a comparison holds; None where the two cannot be compared."""
    left, right = _alike(known(left), known(right))
    if left is None or right is None:
        return None
    if type(left) is not type(right) and not (_is_number(left) and _is_number(right)):
        return symbol == "!=" if symbol in _EQUALITY else None
    if isinstance(left, bool) and symbol not in _EQUALITY:
        return None
    try:
        return COMPARISONS[symbol](left, right)
    except TypeError:  # lists and objects have no order
        return None


def _alike(left: object, right: object) -> tuple[object, object]:
    """Both as numbers, or as truth values, where one is a text that says such a thing."""
    if isinstance(left, str) and not isinstance(right, str):
        return _read_as(left, right), right
    if isinstance(right, str) and not isinstance(left, str):
        return left, _read_as(right, left)
    return left, right


def _read_as(text: str, other: object) -> object:
    if isinstance(other, bool):
        return {"true": True, "false": False}.get(text.lower(), text)
    if _is_number(other):
        try:
            number = Decimal(text)
        except InvalidOperation:
            return text
        return text if number.is_nan() else number
    return text


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
