"""Where in a block's text a field of its model was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.syntax.nodes import Literal, ObjectConstructor, TupleConstructor
from amlplan.diagnostics import SourceRange

if TYPE_CHECKING:
    from amlplan.config.blocks import ResourceBlock
    from amlplan.config.syntax.nodes import Block, Body, Expression


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
    inner, _ = _block_at(body, rest)
    if inner is not None:
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
    while place:
        inner, place = _block_at(body, place)
        if inner is None:
            break
        body, found = inner.body, SourceRange(block.source, inner.start, inner.header_end)
    return found


def _descend(body: Body, place: tuple[str, ...]) -> tuple[Body, tuple[str, ...]]:
    """The innermost nested block on the way to a place, and the rest of the way."""
    while len(place) > 1:
        inner, rest = _block_at(body, place)
        if inner is None or not rest:
            break
        body, place = inner.body, rest
    return body, place


def _block_at(body: Body, place: tuple[str, ...]) -> tuple[Block | None, tuple[str, ...]]:
    """The nested block that a place begins with, by type and label, and the rest of the place."""
    for inner in body.blocks:
        way = (inner.type, *inner.labels)
        if place and place[: len(way)] == way:
            return inner, place[len(way) :]
    return None, place
