"""Gives the values of expressions."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from amlplan.config.expressions.access import (
    index,
    relative_traversal,
    splat,
    splat_item,
    traversal,
)
from amlplan.config.expressions.calls import function_call
from amlplan.config.expressions.conversion import ConversionError, as_text, convert
from amlplan.config.expressions.evaluation import Evaluation, EvaluationError
from amlplan.config.expressions.interpolation import template, template_wrap
from amlplan.config.expressions.loops import for_object, for_tuple
from amlplan.config.expressions.marks import content, deep_content, marked
from amlplan.config.expressions.operators import (
    OperandError,
    arithmetic,
    bool_operand,
    equal,
    negation,
    negative,
)
from amlplan.config.expressions.text import composed
from amlplan.config.expressions.typed_collections import type_of
from amlplan.config.expressions.unification import is_related, unify
from amlplan.config.syntax import nodes
from amlplan.config.syntax.reader import too_deep
from amlplan.diagnostics import SourceRange, error
from amlplan.values import UNKNOWN, Sensitive

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.config.expressions.scope import Scope
    from amlplan.config.syntax.nodes import Expression
    from amlplan.diagnostics import Diagnostic, SourceFile
    from amlplan.values import Value


def evaluate(expression: Expression, scope: Scope, source: SourceFile) -> Value:
    """Give the value of an expression that stands in `source`; raises EvaluationError.

    Unknown operands give UNKNOWN and sensitive ones a Sensitive result. A SecretReference that
    is only passed along comes out as it went in.
    """
    try:
        return _HANDLERS[type(expression)](expression, Evaluation(scope, source, _HANDLERS))
    except RecursionError:
        place = SourceRange(source, expression.start, expression.end)
        raise EvaluationError(error(*too_deep(), place)) from None


def literal_value(node: nodes.Literal) -> Value:
    """Give the value of a literal, for who has one."""
    value = node.value
    return composed(value) if type(value) is str else value


def _literal(node: nodes.Literal, _evaluation: Evaluation) -> Value:
    return literal_value(node)


def _parentheses(node: nodes.Parentheses, evaluation: Evaluation) -> Value:
    return evaluation.value(node.inner)


def _tuple(node: nodes.TupleConstructor, evaluation: Evaluation) -> Value:
    problems: list[Diagnostic] = []
    items = [evaluation.part(item, problems) for item in node.items]
    if problems:
        raise EvaluationError(*problems)
    return items


def _object(node: nodes.ObjectConstructor, evaluation: Evaluation) -> Value:
    """Build an object; one with an unknown key is unknown, one with a sensitive key sensitive."""
    found: dict[str, Value] = {}
    problems: list[Diagnostic] = []
    is_unknown = is_marked = False
    for item in node.items:
        try:
            key, key_marked = _object_key(item, evaluation)
        except EvaluationError as failure:
            problems.extend(failure.diagnostics)
            continue
        value = evaluation.part(item.value, problems)
        is_marked = is_marked or key_marked
        if key is None:
            is_unknown = True
        else:
            found[key] = value
    if problems:
        raise EvaluationError(*problems)
    return marked(UNKNOWN if is_unknown else found, is_marked)


def _object_key(item: nodes.ObjectItem, evaluation: Evaluation) -> tuple[str | None, bool]:
    """Give a key, None where it is unknown, and whether it is sensitive."""
    if isinstance(item.key, nodes.Literal) and isinstance(item.key.value, str):
        return composed(item.key.value), False
    key, is_marked = evaluation.content(item.key)
    if key is UNKNOWN:
        return None, is_marked
    text = as_text(key)
    if text is None:
        raise evaluation.failure(
            item.key,
            "invalid_key",
            "Invalid object key",
            "A key must be a string, a number or a bool, and not null.",
        )
    return text, is_marked


def _unary(node: nodes.Unary, evaluation: Evaluation) -> Value:
    value, is_marked = evaluation.content(node.operand)
    if value is UNKNOWN:
        return marked(UNKNOWN, is_marked)
    try:
        return marked((negative if node.operator == "-" else negation)(value), is_marked)
    except OperandError as failure:
        raise _operand_failure(node.operand, failure, evaluation) from None


def _operand_failure(
    place: Expression, failure: OperandError, evaluation: Evaluation
) -> EvaluationError:
    return evaluation.failure(place, failure.code, failure.summary, failure.detail)


def _binary(node: nodes.Binary, evaluation: Evaluation) -> Value:
    """Evaluate a chain of operators from its left end, so that a long one nests no deeper."""
    chain = [node]
    while isinstance(left := chain[-1].left, nodes.Binary):
        chain.append(left)
    value = evaluation.value(chain[-1].left)
    for link in reversed(chain):
        value = _apply(link, value, evaluation)
    return value


def _apply(node: nodes.Binary, left: Value, evaluation: Evaluation) -> Value:
    if node.operator in {"&&", "||"}:
        return _logic(node, left, evaluation)
    if node.operator in {"==", "!="}:
        return _equality(node, left, evaluation.value(node.right), evaluation)
    resolve = evaluation.scope.resolve_secret
    first, first_marked = content(left, resolve)
    second, second_marked = evaluation.content(node.right)
    is_marked = first_marked or second_marked
    if first is UNKNOWN or second is UNKNOWN:
        return marked(UNKNOWN, is_marked)
    try:
        return marked(arithmetic(node.operator, first, second), is_marked)
    except OperandError as failure:
        raise _operand_failure(node, failure, evaluation) from None


def _equality(node: nodes.Binary, left: Value, right: Value, evaluation: Evaluation) -> Value:
    resolve = evaluation.scope.resolve_secret
    first, first_marked = deep_content(left, resolve)
    second, second_marked = deep_content(right, resolve)
    result = equal(first, second)
    if node.operator == "!=" and result is not UNKNOWN:
        result = not result
    return marked(result, first_marked or second_marked)


def _logic(node: nodes.Binary, left: Value, evaluation: Evaluation) -> Value:
    """Evaluate `&&` and `||`; the right operand only where the left one leaves it open."""
    first, first_marked = content(left, evaluation.scope.resolve_secret)
    if first is UNKNOWN:
        return marked(UNKNOWN, first_marked)
    decided = node.operator == "||"
    if _bool(node.left, first, evaluation) is decided:
        return marked(decided, first_marked)
    second, second_marked = evaluation.content(node.right)
    result = UNKNOWN if second is UNKNOWN else _bool(node.right, second, evaluation)
    return marked(result, first_marked or second_marked)


def _bool(node: Expression, value: Value, evaluation: Evaluation) -> bool:
    try:
        return bool_operand(value)
    except OperandError as failure:
        raise _operand_failure(node, failure, evaluation) from None


def _conditional(node: nodes.Conditional, evaluation: Evaluation) -> Value:
    condition, is_marked = evaluation.content(node.condition)
    if condition is UNKNOWN:
        return marked(UNKNOWN, is_marked)
    taken, other = node.then, node.otherwise
    if not _bool(node.condition, condition, evaluation):
        taken, other = other, taken
    value = evaluation.value(taken)
    return marked(_as_either(value, other, node, evaluation), is_marked)


def _as_either(
    value: Value, other: Expression, node: nodes.Conditional, evaluation: Evaluation
) -> Value:
    """Give the value of the branch taken as the type that both branches can have.

    The other branch is evaluated for its type alone: its mistakes do not count, and no secret is
    looked up for it.
    """
    try:
        alternative = evaluation.for_type().value(other)
    except EvaluationError:
        return value
    if type(value) is type(alternative) and not isinstance(value, list | dict | Sensitive):
        return value
    given, otherwise = type_of(value), type_of(alternative)
    to = unify((given, otherwise))
    if to is None and otherwise.is_open and is_related(given, otherwise):
        return value  # what is unknown in the other branch may make it fit
    if to is not None:
        with suppress(ConversionError):
            return value if to == given else convert(value, to)
    raise evaluation.failure(
        node,
        "inconsistent_types",
        "Inconsistent conditional result types",
        f"Both results of a conditional must be of one type. One is {given}, the other "
        f"{otherwise}. Convert one of them, as with tostring.",
    )


_HANDLERS: Final[dict[type, Callable[[Any, Evaluation], Value]]] = {
    nodes.Literal: _literal,
    nodes.Traversal: traversal,
    nodes.RelativeTraversal: relative_traversal,
    nodes.Index: index,
    nodes.Splat: splat,
    nodes.SplatItem: splat_item,
    nodes.FunctionCall: function_call,
    nodes.Unary: _unary,
    nodes.Binary: _binary,
    nodes.Conditional: _conditional,
    nodes.ForTuple: for_tuple,
    nodes.ForObject: for_object,
    nodes.TupleConstructor: _tuple,
    nodes.ObjectConstructor: _object,
    nodes.Parentheses: _parentheses,
    nodes.Template: template,
    nodes.TemplateWrap: template_wrap,
}

__all__ = ["EvaluationError", "evaluate", "literal_value"]
