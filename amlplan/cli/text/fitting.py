"""Tables that fit the terminal: the widest columns give way, and say so by an ellipsis."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from amlplan.cli.text.runs import on_one_line, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEAST = 8
"""Letters that a column keeps."""
GAP = 2


def terminal_width() -> int | None:
    """The letters in a line of the terminal; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fitted_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], width: int | None = None
) -> str:
    """Aligned columns under a head, in lines of at most `width` letters where that is given."""
    lines = [tuple(on_one_line(cell) for cell in row) for row in rows]
    if width is not None:
        widths = _fitting(
            [max(map(len, column)) for column in zip(head, *lines, strict=True)], width
        )
        head, *lines = (
            tuple(_cut(cell, most) for cell, most in zip(line, widths, strict=True))
            for line in (head, *lines)
        )
    return table(head, lines)


def _fitting(widths: list[int], width: int) -> list[int]:
    """Widths that fit together, by taking from the widest as long as one can give."""
    found = list(widths)
    over = sum(found) + GAP * (len(found) - 1) - width
    while over > 0:
        widest = max(range(len(found)), key=lambda index: found[index])
        if found[widest] <= LEAST:
            break
        second = max([LEAST, *(each for each in found if each < found[widest])])
        taken = min(over, max(1, found[widest] - second))
        found[widest] -= taken
        over -= taken
    return found


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
