"""Plots as the terminal at hand can show them: in dots and colours, or in plain marks."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from amlplan.cli.style import styled, visible
from amlplan.looking.terminal_plot import Look, plot_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.looking.curves import Curve

COLOURS = ("cyan", "yellow", "magenta", "green", "red", "blue")
WIDEST, HIGHEST = 160, 24
PLAIN_WIDTH = 80
"""Where the output is no terminal."""


def plot_shown(title: str, curves: Sequence[Curve]) -> str:
    """A plot under its title, in the size of the terminal."""
    size = shutil.get_terminal_size((PLAIN_WIDTH, HIGHEST))
    is_terminal = sys.stdout.isatty()
    has_colours = is_terminal and not os.environ.get("NO_COLOR")
    look = Look(
        width=min(WIDEST, size.columns if is_terminal else PLAIN_WIDTH),
        height=max(8, min(HIGHEST, size.lines - 8)) if is_terminal else 16,
        # Without colours, dots of several curves could not be told apart.
        has_dots=can_show("⣿│└") and (has_colours or len(curves) == 1),
        paint=_painted,
    )
    shown = [_harmless(curve) for curve in curves]
    return f"{styled('bold', visible(title))}\n{plot_text(shown, look)}"


def _painted(number: int, text: str) -> str:
    return styled(COLOURS[number % len(COLOURS)], text)


def _harmless(curve: Curve) -> Curve:
    from dataclasses import replace

    return replace(curve, label=visible(curve.label).replace("\n", "\\n"))


def can_show(letters: str) -> bool:
    """Whether the output takes these letters."""
    try:
        letters.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
