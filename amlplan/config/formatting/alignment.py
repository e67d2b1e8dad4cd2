"""Aligns the equals signs of consecutive lines, and the comments behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.formatting.lines import Line
from amlplan.config.formatting.widths import width
from amlplan.config.syntax import tokens as token

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.config.formatting.lines import Token


def align(lines: list[Line]) -> None:
    """Give equal columns to what is aligned; the spaces between other tokens must be set."""
    _align_each(lines, Line.equals_sign)
    _align_each(lines, Line.comment)


def _align_each(lines: list[Line], place_of: Callable[[Line], int | None]) -> None:
    """Align what `place_of` finds in lines that follow each other."""
    group: list[tuple[Token, int]] = []
    for line in lines:
        place = place_of(line)
        if place is None:
            _to_one_column(group)
            group = []
            continue
        columns = sum(item.before + _columns(item) for item in line.tokens[:place])
        group.append((line.tokens[place], columns))
        if not line.is_followed:
            _to_one_column(group)
            group = []
    _to_one_column(group)


def _to_one_column(group: list[tuple[Token, int]]) -> None:
    widest = max((columns for _, columns in group), default=0)
    for item, columns in group:
        item.before = widest - columns + 1


def _columns(item: Token) -> int:
    if item.kind == token.STRING:  # its quotes are no part of a character
        return 2 + width(item.text[1:-1])
    return width(item.text)
