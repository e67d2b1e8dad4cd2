"""Finds what an expression refers to, without evaluating it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from amlplan.config.syntax.nodes import (
    Binary,
    Conditional,
    ForObject,
    ForTuple,
    FunctionCall,
    Index,
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
    from collections.abc import Callable, Sequence

    from amlplan.config.syntax.nodes import TemplatePart

_NOTHING: Final[frozenset[str]] = frozenset()


def references(expression: TemplatePart) -> list[Traversal]:
    """Give every traversal that starts in the scope, in source order but for `for` results.

    A traversal ends before its first computed step: `a.b[var.x].c` gives `a.b` and `var.x`.
    Names that a `for` binds are left out where they are bound. One reference may come twice.
    """
    found: list[Traversal] = []
    _collect(expression, _NOTHING, found)
    return found


def _collect(expression: TemplatePart, bound: frozenset[str], found: list[Traversal]) -> None:
    """Add the traversals of an expression; only a `for` inside it costs a call of its own."""
    waiting: list[Any] = [expression]
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind is Traversal:
            if node.root not in bound:
                found.append(node)
        elif kind in _BINDING:
            _collect(node.collection, bound, found)
            inner = bound | {node.value_name} | ({node.key_name} if node.key_name else set())
            for part in _repeated(node):
                _collect(part, inner, found)
        elif kind in _PARTS:
            waiting += _PARTS[kind](node)


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


_BINDING: Final = frozenset({ForTuple, ForObject, TemplateFor})
_PARTS: Final[dict[type, Callable[[Any], Sequence[Any]]]] = {
    Binary: lambda node: (node.right, node.left),
    Conditional: lambda node: (node.otherwise, node.then, node.condition),
    FunctionCall: lambda node: node.arguments[::-1],
    TupleConstructor: lambda node: node.items[::-1],
    ObjectConstructor: lambda node: node.items[::-1],
    ObjectItem: lambda node: (node.value, node.key),
    Template: lambda node: node.parts[::-1],
    TemplateIf: lambda node: (*node.otherwise[::-1], *node.then[::-1], node.condition),
    Unary: lambda node: (node.operand,),
    Index: lambda node: (node.key, node.collection),
    Splat: lambda node: (node.each, node.source),
    RelativeTraversal: lambda node: (node.source,),
    TemplateWrap: lambda node: (node.inner,),
    Parentheses: lambda node: (node.inner,),
}
"""The nodes directly inside one that binds no names, the last first."""
