"""Compares syntax trees by what they mean, not by where they stand."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from amlplan.config.syntax import nodes

if TYPE_CHECKING:
    from amlplan.config.syntax.nodes import Body, Expression

_PLACES = frozenset(
    {"start", "end", "root_end", "name_end", "name_start", "operator_start", "type_start"}
    | {"type_end", "label_ranges", "header_end"}
)
_OLD_TYPES = {"string": "string", "list": "list(string)", "map": "map(string)"}


def without_places(node: Any) -> Any:
    """A tree as nested tuples of names and values."""
    if isinstance(node, list):
        return tuple(without_places(item) for item in node)
    if isinstance(node, dict):
        return tuple((key, without_places(item)) for key, item in node.items())
    if is_dataclass(node):
        inner = (
            without_places(getattr(node, field.name))
            for field in fields(node)
            if field.name not in _PLACES
        )
        return (type(node).__name__, *inner)
    return (type(node).__name__, str(node))


def meaning(body: Body, depth: int = 0, block: str = "") -> Any:
    """A body without places, in the spelling that layout gives: strings around one value are it."""
    attributes = []
    for name, attribute in body.attributes.items():
        is_type = (depth, block, name) == (1, "variable", "type")
        value = attribute.expression
        plain = without_places(value if is_type else _unwrapped(value))
        attributes.append((name, _new_type(value, plain) if is_type else plain))
    blocks = [
        (inner.type, tuple(inner.labels), meaning(inner.body, depth + 1, inner.type))
        for inner in body.blocks
    ]
    return (tuple(attributes), tuple(blocks))


def _unwrapped(value: Expression) -> Expression:
    while isinstance(value, nodes.TemplateWrap | nodes.Parentheses):
        value = value.inner
    return value


def _new_type(value: Expression, plain: Any) -> Any:
    """What a type of old is called, or the type as it is."""
    if isinstance(value, nodes.Literal) and value.value in _OLD_TYPES:
        return _OLD_TYPES[str(value.value)]
    if isinstance(value, nodes.Traversal) and not value.steps:
        is_collection = value.root in {"list", "map", "set"}
        return f"{value.root}(any)" if is_collection else value.root
    if isinstance(value, nodes.FunctionCall) and len(value.arguments) == 1:
        of = value.arguments[0]
        if isinstance(of, nodes.Traversal) and not of.steps and not value.expand_final:
            return f"{value.name}({of.root})"
    return plain
