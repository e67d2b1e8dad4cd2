"""Arguments as functions need them, and what is said of those that are something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.function import FunctionFailure
from amlplan.config.expressions.typed_collections import SetValue, type_name

if TYPE_CHECKING:
    from amlplan.config.expressions.numbers import Number
    from amlplan.values import Value
_LIMIT: Final = 2**63


def items_of(value: Value, argument: int = 0) -> list[Value]:
    """Give a list, tuple or set; raises FunctionFailure for all else."""
    if not isinstance(value, list):
        raise FunctionFailure(f"a list is required, and this is {named(value)}.", argument)
    return value


def sequence(value: Value, argument: int = 0) -> list[Value]:
    """Give a list or tuple, whose elements have an index; raises FunctionFailure for all else."""
    if isinstance(value, SetValue):
        raise FunctionFailure(
            "a list is required, and the elements of a set have no index. Use tolist(…).", argument
        )
    return items_of(value, argument)


def mapping(value: Value, argument: int = 0) -> dict[str, Value]:
    """Give an object or map; raises FunctionFailure for all else."""
    if not isinstance(value, dict):
        raise FunctionFailure(f"an object is required, and this is {named(value)}.", argument)
    return value


def whole_number(value: Number, argument: int) -> int:
    """Give a number of 64 bits without a fraction; raises FunctionFailure for all else."""
    if not isinstance(value, int) or not -_LIMIT <= value < _LIMIT:
        raise FunctionFailure("a whole number of 64 bits is required.", argument)
    return value


def named(value: Value) -> str:
    """Name what a value is, with its article."""
    name = type_name(value)
    return name if name == "null" else f"{'an' if name == 'object' else 'a'} {name}"
