"""Reads type expressions, as `list(string)` in a variable's `type`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.conversion import ConversionError, convert
from amlplan.config.expressions.evaluate import evaluate
from amlplan.config.expressions.evaluation import EvaluationError
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.expressions.types import ObjectAttribute, Type
from amlplan.config.syntax.nodes import (
    FunctionCall,
    Literal,
    ObjectConstructor,
    Traversal,
    TupleConstructor,
)
from amlplan.diagnostics import SourceRange, error
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from amlplan.config.syntax.nodes import Expression, ObjectItem
    from amlplan.diagnostics import Diagnostic, SourceFile
    from amlplan.values import Value

_PRIMITIVES: Final = frozenset({"string", "number", "bool", "any"})
_COLLECTIONS: Final = frozenset({"list", "set", "map"})
_OPTIONAL_WITH_DEFAULT: Final = 2
_NOTHING: Final = Scope({}, FUNCTIONS, Path(), lambda _reference: UNKNOWN)


class _InvalidTypeError(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.detail)
        self.diagnostic = diagnostic


def parse_type(expression: Expression, source: SourceFile) -> tuple[Type | None, list[Diagnostic]]:
    """Give the type an expression states, or None and what is wrong with it."""
    try:
        return _type(expression, source), []
    except _InvalidTypeError as failure:
        return None, [failure.diagnostic]


def _invalid(place: Expression, source: SourceFile, detail: str) -> _InvalidTypeError:
    span = SourceRange(source, place.start, place.end)
    return _InvalidTypeError(error("invalid_type", "Invalid type", detail, span))


def _type(expression: Expression, source: SourceFile) -> Type:
    if isinstance(expression, Traversal) and not expression.steps:
        name = expression.root
        if name in _PRIMITIVES:
            return Type(name)
        if name in _COLLECTIONS:
            return Type(name, Type("any"))
        if name in {"object", "tuple"}:
            raise _invalid(expression, source, f"Say what is in it: {_example(name)}.")
    if isinstance(expression, FunctionCall):
        return _constructed(expression, source)
    hint = " A type stands without quotes." if isinstance(expression, Literal) else ""
    raise _invalid(
        expression,
        source,
        "A type is one of string, number, bool, any, list(…), set(…), map(…), object({…}) and "
        f"tuple([…]).{hint}",
    )


def _example(kind: str) -> str:
    if kind == "object":
        return "object({ name = string, size = optional(number, 1) })"
    return "tuple([string, number])" if kind == "tuple" else f"{kind}(string)"


def _constructed(call: FunctionCall, source: SourceFile) -> Type:
    name = call.name
    if name == "optional":
        raise _invalid(call, source, "optional(…) stands only around an attribute of an object.")
    if name not in _COLLECTIONS | {"object", "tuple"}:
        raise _invalid(call, source, f'There is no type "{name}(…)".')
    if len(call.arguments) != 1 or call.expand_final:
        raise _invalid(call, source, f"{name}(…) takes one argument, as in {_example(name)}.")
    inner = call.arguments[0]
    if name in _COLLECTIONS:
        return Type(name, _type(inner, source))
    if name == "tuple" and isinstance(inner, TupleConstructor):
        return Type("tuple", items=tuple(_type(item, source) for item in inner.items))
    if name == "object" and isinstance(inner, ObjectConstructor):
        return Type("object", attributes=dict(_attribute(item, source) for item in inner.items))
    raise _invalid(inner, source, f"Write it as in {_example(name)}.")


def _attribute(item: ObjectItem, source: SourceFile) -> tuple[str, ObjectAttribute]:
    if not isinstance(item.key, Literal) or not isinstance(item.key.value, str):
        raise _invalid(item.key, source, "The name of an attribute is plain text.")
    name, stated = item.key.value, item.value
    if not isinstance(stated, FunctionCall) or stated.name != "optional":
        return name, ObjectAttribute(_type(stated, source))
    if len(stated.arguments) not in {1, _OPTIONAL_WITH_DEFAULT}:
        raise _invalid(stated, source, "optional(…) takes a type and, if you like, a default.")
    of = _type(stated.arguments[0], source)
    default: Value = None
    if len(stated.arguments) == _OPTIONAL_WITH_DEFAULT:
        default = _default(stated.arguments[1], of, source)
    return name, ObjectAttribute(of, is_optional=True, default=default)


def _default(expression: Expression, of: Type, source: SourceFile) -> Value:
    try:
        return convert(evaluate(expression, _NOTHING, source), of)
    except EvaluationError as failure:
        raise _InvalidTypeError(failure.diagnostic) from None
    except ConversionError as failure:
        raise _invalid(expression, source, f"The default does not fit {of}: {failure}.") from None
