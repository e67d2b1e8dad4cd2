"""Nests the directives of a template: if, else and endif, for and endfor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from amlplan.config.syntax.nodes import Expression, TemplateFor, TemplateIf
from amlplan.config.syntax.reader import MAX_DEPTH, too_deep

if TYPE_CHECKING:
    from amlplan.config.syntax.nodes import TemplatePart
    from amlplan.config.syntax.reader import Reader, SyntaxFailure


@dataclass(slots=True)
class Marker:
    """One `%{…}`: its keyword, and the expression and names that follow it."""

    keyword: str
    expression: Expression | None
    names: tuple[str | None, str]
    start: int
    end: int


Piece: TypeAlias = Expression | Marker


@dataclass(slots=True)
class _Open:
    """A directive whose end has not come; `then` is set aside once an else came."""

    marker: Marker
    parts: list[TemplatePart]
    then: list[TemplatePart] | None = None


def nest_directives(reader: Reader, pieces: list[Piece]) -> list[TemplatePart]:
    """Build the parts of a template; fails where a directive has no beginning or no end."""
    outermost: list[TemplatePart] = []
    opened: list[_Open] = []
    for piece in pieces:
        if not isinstance(piece, Marker):
            (opened[-1].parts if opened else outermost).append(piece)
        elif piece.keyword in {"if", "for"}:
            opened.append(_Open(piece, []))
            if len(opened) > MAX_DEPTH:
                raise reader.failure(*too_deep(), piece.start, piece.end)
        elif piece.keyword == "else":
            _begin_else(reader, opened, piece)
        else:
            closed = _closed(reader, opened, piece)
            (opened[-1].parts if opened else outermost).append(closed)
    if opened:
        raise _unbalanced(
            reader,
            opened[-1].marker,
            f"This {opened[-1].marker.keyword} directive has no end{opened[-1].marker.keyword} in "
            "the same template.",
        )
    return outermost


def _begin_else(reader: Reader, opened: list[_Open], marker: Marker) -> None:
    if not opened or opened[-1].marker.keyword != "if" or opened[-1].then is not None:
        raise _unbalanced(reader, marker, "An else directive stands once between if and endif.")
    opened[-1].then, opened[-1].parts = opened[-1].parts, []


def _closed(reader: Reader, opened: list[_Open], marker: Marker) -> TemplatePart:
    """Take the innermost open directive and give its node; `marker` is its end."""
    if not opened or marker.keyword != f"end{opened[-1].marker.keyword}":
        wanted = marker.keyword.removeprefix("end")
        detail = f"No {wanted} directive is open here for this {marker.keyword}."
        if opened:
            inner = opened[-1].marker.keyword
            detail = f"The innermost open directive is {inner}, which end{inner} closes."
        raise _unbalanced(reader, marker, detail)
    found = opened.pop()
    begin = found.marker
    expression = begin.expression
    if expression is None:  # an if or for is never made without one
        raise _unbalanced(reader, begin, "This directive is incomplete.")
    if begin.keyword == "for":
        key_name, value_name = begin.names
        return TemplateFor(key_name, value_name, expression, found.parts, begin.start, marker.end)
    then, otherwise = (found.parts, []) if found.then is None else (found.then, found.parts)
    return TemplateIf(expression, then, otherwise, begin.start, marker.end)


def _unbalanced(reader: Reader, marker: Marker, detail: str) -> SyntaxFailure:
    return reader.failure(
        "unbalanced_directive",
        "Unbalanced template directives",
        detail,
        marker.start,
        marker.end,
    )
