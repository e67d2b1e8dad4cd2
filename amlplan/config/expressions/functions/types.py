"""Functions that convert, and those about errors and sensitivity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.conversion import convert
from amlplan.config.expressions.evaluation import EvaluationError
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.marks import marked, unmarked
from amlplan.config.expressions.types import ANY, BOOL, LIST, MAP, NUMBER, SET, STRING, Type
from amlplan.values import UNKNOWN, SecretReference, Sensitive

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.values import Value


def _conversion(name: str, to: Type, *, is_structural: bool = True) -> Function:
    def to_type(value: Value) -> Value:
        return convert(value, to)

    keeps_secret = to.kind == "string"
    parameter = Parameter("value", ANY, allows_null=True, resolves=not keeps_secret)
    return Function(name, to_type, (parameter,), is_structural=is_structural)


def _try(*attempts: Callable[[], Value]) -> Value:
    problems: list[str] = []
    for attempt in attempts:
        try:
            return attempt()
        except EvaluationError as failure:
            problems.extend(item.detail for item in failure.diagnostics)
    if not attempts:
        raise FunctionFailure("at least one expression is required.")
    raise FunctionFailure(f"no expression succeeded. {' '.join(dict.fromkeys(problems))}")


def _can(*attempts: Callable[[], Value]) -> Value:
    if len(attempts) != 1:
        raise FunctionFailure("exactly one expression is required.")
    try:
        value, _ = unmarked(attempts[0]())
    except EvaluationError:
        return False
    return UNKNOWN if value is UNKNOWN else True


def _nonsensitive(value: Value) -> Value:
    plain, _ = unmarked(value)
    if isinstance(plain, SecretReference):
        raise FunctionFailure(
            "a secret stays one. For a value that may be shown, use env instead of env_secret.", 0
        )
    return plain


def _issensitive(value: Value) -> Value:
    """Say whether a value is sensitive as a whole."""
    return isinstance(value, Sensitive | SecretReference)


_VALUE: Final = Parameter("value", ANY, allows_null=True)

TYPE_FUNCTIONS: Final = (
    Function("can", _can, variadic=_VALUE, is_lazy=True),
    Function("issensitive", _issensitive, (_VALUE,), is_raw=True),
    Function("nonsensitive", _nonsensitive, (_VALUE,), is_raw=True),
    Function("sensitive", marked, (_VALUE,), is_raw=True),
    _conversion("tobool", BOOL),
    _conversion("tolist", LIST),
    _conversion("tomap", MAP),
    _conversion("tonumber", NUMBER),
    _conversion("toset", SET, is_structural=False),
    _conversion("tostring", STRING),
    Function("try", _try, variadic=_VALUE, is_lazy=True),
)
