"""Where in a block's text a field of its model was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.syntax.nodes import Literal, ObjectConstructor, TupleConstructor
from amlplan.diagnostics import SourceRange

if TYPE_CHECKING:
    from amlplan.config.blocks import ResourceBlock
    from amlplan.config.syntax.nodes import Body, Expression


def argument_range(
    block: ResourceBlock, place: tuple[str, ...], *, name_only: bool = False
) -> SourceRange:
    """The value written for a field, or its name; the block's header where it was not written."""
    body, rest = _descend(block.body, place)
    if rest and rest[0] in body.attributes:
        attribute = body.attributes[rest[0]]
        if name_only:
            return SourceRange(block.source, attribute.name_start, attribute.name_end)
        expression = _inner(attribute.expression, rest[1:])
        return SourceRange(block.source, expression.start, expression.end)
    for inner in body.blocks:
        if rest and inner.type == rest[0]:
            return SourceRange(block.source, inner.start, inner.header_end)
    return header_range(block, place[: len(place) - len(rest)])


def _inner(expression: Expression, place: tuple[str, ...]) -> Expression:
    """The part of a written-out list or map that a place leads to, as far as it goes."""
    for step in place:
        found: Expression | None = None
        if isinstance(expression, ObjectConstructor):
            found = next(
                (
                    item.value
                    for item in expression.items
                    if isinstance(item.key, Literal) and item.key.value == step
                ),
                None,
            )
        elif isinstance(expression, TupleConstructor) and step.isdecimal():
            found = expression.items[int(step)] if int(step) < len(expression.items) else None
        if found is None:
            break
        expression = found
    return expression


def header_range(block: ResourceBlock, place: tuple[str, ...]) -> SourceRange:
    """The header of the nested block at a place, or of the block itself."""
    body = block.body
    found = block.header
    for step in place:
        inner = next((item for item in body.blocks if item.type == step), None)
        if inner is None:
            break
        body, found = inner.body, SourceRange(block.source, inner.start, inner.header_end)
    return found


def _descend(body: Body, place: tuple[str, ...]) -> tuple[Body, tuple[str, ...]]:
    """The innermost nested block on the way to a place, and the rest of the way."""
    while len(place) > 1:
        inner = next((item for item in body.blocks if item.type == place[0]), None)
        if inner is None:
            break
        body, place = inner.body, place[1:]
    return body, place
