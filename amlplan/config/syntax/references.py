"""Finds what an expression refers to, without evaluating it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.syntax.nodes import (
    Binary,
    Conditional,
    ForObject,
    ForTuple,
    FunctionCall,
    Index,
    Literal,
    ObjectConstructor,
    ObjectItem,
    Parentheses,
    RelativeTraversal,
    Splat,
    Template,
    TemplateFor,
    TemplateIf,
    TemplateWrap,
    Traversal,
    TupleConstructor,
    Unary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.config.syntax.nodes import TemplatePart


def references(expression: TemplatePart) -> Iterator[Traversal]:
    """Give every traversal that starts in the scope, in source order but for `for` results.

    A traversal ends before its first computed step: `a.b[var.x].c` gives `a.b` and `var.x`.
    Names that a `for` binds are left out where they are bound. One reference may come twice.
    """
    if isinstance(expression, Literal):
        return
    waiting: list[tuple[TemplatePart | ObjectItem, frozenset[str]]] = [(expression, frozenset())]
    while waiting:
        node, bound = waiting.pop()
        if isinstance(node, Traversal):
            if node.root not in bound:
                yield node
        elif isinstance(node, ForTuple | ForObject | TemplateFor):
            inner = bound | {node.value_name} | ({node.key_name} if node.key_name else set())
            waiting.extend((part, inner) for part in reversed(_repeated(node)))
            waiting.append((node.collection, bound))
        else:
            waiting.extend((part, bound) for part in reversed(_parts(node)))


def _repeated(node: ForTuple | ForObject | TemplateFor) -> list[TemplatePart]:
    """Give what a `for` evaluates once per item."""
    if isinstance(node, TemplateFor):
        return node.parts
    parts: list[TemplatePart] = [node.result]
    if isinstance(node, ForObject):
        parts.insert(0, node.result_key)
    if node.condition is not None:
        parts.append(node.condition)
    return parts


def _parts(node: TemplatePart | ObjectItem) -> list[TemplatePart | ObjectItem]:
    """Give the nodes directly inside one that binds no names."""
    match node:
        case Binary():
            return [node.left, node.right]
        case Conditional():
            return [node.condition, node.then, node.otherwise]
        case FunctionCall():
            return [*node.arguments]
        case TupleConstructor() | ObjectConstructor():
            return [*node.items]
        case ObjectItem():
            return [node.key, node.value]
        case Template():
            return [*node.parts]
        case TemplateIf():
            return [node.condition, *node.then, *node.otherwise]
        case Unary():
            return [node.operand]
        case Index():
            return [node.collection, node.key]
        case Splat():
            return [node.source, node.each]
        case RelativeTraversal():
            return [node.source]
        case TemplateWrap() | Parentheses():
            return [node.inner]
        case _:
            return []
