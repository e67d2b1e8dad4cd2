"""The expressions of a block, each with the names that it may use beside those of its module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from amlplan.config.syntax.nodes import Literal, Traversal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.config.syntax.nodes import Block, Body, Expression

REPEATING: Final = frozenset({"for_each", "count"})
META_ARGUMENTS: Final = frozenset({"depends_on", *REPEATING})
LIFECYCLE: Final = "lifecycle"
DYNAMIC: Final = "dynamic"
_NOT_EXPRESSIONS: Final = frozenset({"ignore_changes"})
"""Arguments of `lifecycle` that name fields of the block itself."""
_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """An expression, the argument or block at the top of the body that it belongs to.

    `bound` are names that an iterator, or a postcondition's `self`, gives it.
    """

    place: str
    expression: Expression
    bound: frozenset[str] = _NOTHING


def parts_of(body: Body) -> Iterator[Part]:
    """Every expression that may refer to something, of a block and of the blocks in it.

    `depends_on` has rules of its own and is left out.
    """
    for name, attribute in body.attributes.items():
        if name != "depends_on" and type(attribute.expression) is not Literal:
            yield Part(name, attribute.expression)
    for block in body.blocks:
        if block.type == LIFECYCLE:
            yield from _lifecycle(block)
        else:
            yield from _nested(block, block.type, _NOTHING)


def _lifecycle(block: Block) -> Iterator[Part]:
    for name, attribute in block.body.attributes.items():
        if name not in _NOT_EXPRESSIONS:
            yield Part(LIFECYCLE, attribute.expression)
    for inner in block.body.blocks:
        bound = frozenset({"self"}) if inner.type == "postcondition" else _NOTHING
        yield from _inside(inner.body, LIFECYCLE, bound)


def _nested(block: Block, place: str, bound: frozenset[str]) -> Iterator[Part]:
    if block.type != DYNAMIC:
        yield from _inside(block.body, place, bound)
        return
    inner = bound | {iterator_of(block)}
    for name, attribute in block.body.attributes.items():
        if name != "iterator":
            yield Part(place, attribute.expression, inner if name == "labels" else bound)
    for content in block.body.blocks:
        yield from _inside(content.body, place, inner)


def _inside(body: Body, place: str, bound: frozenset[str]) -> Iterator[Part]:
    for attribute in body.attributes.values():
        if type(attribute.expression) is not Literal:
            yield Part(place, attribute.expression, bound)
    for block in body.blocks:
        yield from _nested(block, place, bound)


def iterator_of(block: Block) -> str:
    """The name that the content of a `dynamic` block knows its element by."""
    written = block.body.attributes.get("iterator")
    if written is not None and isinstance(written.expression, Traversal):
        return written.expression.root
    return block.labels[0] if block.labels else ""
