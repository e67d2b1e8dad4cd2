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
_PARTS = frozenset({"parts", "then", "otherwise"})
_OLD_TYPES = {"string": "string", "list": "list(string)", "map": "map(string)"}


def without_places(node: Any) -> Any:
    """A tree as nested tuples of names and values; neighbouring texts of a template are one."""
    if isinstance(node, list):
        return tuple(without_places(item) for item in node)
    if isinstance(node, dict):
        return tuple((key, without_places(item)) for key, item in node.items())
    if not is_dataclass(node):
        return (type(node).__name__, str(node))
    inner = []
    for field in fields(node):
        value = getattr(node, field.name)
        if field.name not in _PLACES:
            is_parts = field.name in _PARTS and isinstance(value, list)
            plain = without_places(value)
            inner.append(_joined(plain) if is_parts else plain)
    if isinstance(node, nodes.Template):
        if not inner[0]:
            return ("Literal", ("str", ""))
        if len(inner[0]) == 1 and _is_text(inner[0][0]):
            return inner[0][0]
    return (type(node).__name__, *inner)


def _is_text(plain: Any) -> bool:
    return bool(plain[0] == "Literal" and plain[1][0] == "str")


def _joined(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    joined: list[Any] = []
    for part in parts:
        if not _is_text(part):
            joined.append(part)
        elif joined and _is_text(joined[-1]):
            joined[-1] = ("Literal", ("str", joined[-1][1][1] + part[1][1]))
        elif part[1][1]:
            joined.append(part)
    return tuple(joined)


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
