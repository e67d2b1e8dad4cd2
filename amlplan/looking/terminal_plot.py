"""Plots for a terminal: curves in dots of braille, eight to a letter, or in plain marks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.looking.scales import Scale, number_text, scales_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from amlplan.looking.curves import Curve, Spot

MARKS = "*+xo#@%&"
_EMPTY = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a letter of braille, by its row and column."""
LEAST_WIDTH, LEAST_HEIGHT = 20, 4


@dataclass(frozen=True, slots=True)
class Look:
    """How a plot looks: its size in letters, dots or marks, and who paints a text of a curve."""

    width: int
    height: int
    has_dots: bool
    paint: Callable[[int, str], str]


def plot_text(curves: Sequence[Curve], look: Look) -> str:
    """A plot of curves with its axes and a legend, in lines of at most the width."""
    if not any(curve.lines for curve in curves):
        return "Nothing can be drawn: no value is a finite number.\n" + _legend(curves, look)
    across, up = scales_of(curves)
    height = max(LEAST_HEIGHT, look.height)
    labels = _labels(up, height)
    margin = max(map(len, labels.values()))
    canvas = _Canvas(max(LEAST_WIDTH, look.width - margin - 2), height, look.has_dots)
    for number, curve in enumerate(curves):
        for line in curve.lines:
            canvas.draw(number, [(across.part(x), up.part(y)) for x, y in line])
    bar, corner, edge = ("│", "└", "─") if look.has_dots else ("|", "+", "-")
    lines = [
        f"{labels.get(row, ''):>{margin}} {bar}{text}"
        for row, text in enumerate(canvas.rows(look.paint))
    ]
    lines.append(f"{'':>{margin}} {corner}{edge * canvas.width}")
    lines.append(f"{'':>{margin}}  {_foot(curves, across, canvas.width)}")
    return "\n".join([*lines, _legend(curves, look)])


def _labels(up: Scale, height: int) -> dict[int, str]:
    """What stands beside each row of letters."""
    found: dict[int, str] = {}
    for tick in up.ticks(max(2, height // 4)):
        found[round((1 - up.part(tick)) * (height - 1))] = number_text(tick)
    return found or {0: number_text(up.greatest), height - 1: number_text(up.least)}


def _foot(curves: Sequence[Curve], across: Scale, width: int) -> str:
    """The ends of the axis below, and what it counts."""
    what = "step" if all(curve.by_step for curve in curves) else "value"
    left, right = number_text(across.least), number_text(across.greatest)
    return f"{left}{what:^{max(0, width - len(left) - len(right))}}{right}"


def _legend(curves: Sequence[Curve], look: Look) -> str:
    lines: list[str] = []
    for number, curve in enumerate(curves):
        mark = "⣀⡠" if look.has_dots else MARKS[number % len(MARKS)]
        values = [y for _, y in curve.spots]
        told = f"{len(values) + curve.undrawn} values"
        if values:
            told += (
                f", last {number_text(values[-1])}, min {number_text(min(values))}, "
                f"max {number_text(max(values))}"
            )
        if curve.undrawn:
            told += f", {curve.undrawn} not drawn (no finite numbers)"
        label = curve.label if len(curve.label) <= look.width else f"{curve.label[: look.width]}…"
        lines.append(f"  {look.paint(number, mark)} {label}: {told}")
    return "\n".join(lines)


@dataclass(slots=True)
class _Canvas:
    """Letters, each with the dots that are set in it and the curve that was drawn there last."""

    width: int
    height: int
    has_dots: bool
    _set: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    @property
    def _fine(self) -> tuple[int, int]:
        return (2, 4) if self.has_dots else (1, 1)

    def draw(self, number: int, spots: Sequence[Spot]) -> None:
        """Draw a line through spots, whose places go from 0 to 1."""
        across, up = self._fine
        wide, high = self.width * across - 1, self.height * up - 1
        places = [(round(x * wide), round((1 - y) * high)) for x, y in spots]
        for start, end in zip(places, places[1:] or places, strict=False):
            for x, y in _between(start, end):
                self._dot(number, x, y)

    def _dot(self, number: int, x: int, y: int) -> None:
        across, up = self._fine
        cell = (y // up, x // across)
        _, dots = self._set.get(cell, (number, 0))
        self._set[cell] = (number, dots | _DOTS[y % up][x % across])

    def rows(self, paint: Callable[[int, str], str]) -> Iterator[str]:
        """The rows of letters, the top one first; letters of one curve are painted together."""
        for row in range(self.height):
            text, run, last = "", "", -1
            for column in range(self.width):
                number, dots = self._set.get((row, column), (-1, 0))
                letter = self._letter(number, dots)
                if number != last:
                    text += paint(last, run) if last >= 0 else run
                    run, last = "", number
                run += letter
            yield (text + (paint(last, run) if last >= 0 else run)).rstrip()

    def _letter(self, number: int, dots: int) -> str:
        if not dots:
            return " "
        return chr(_EMPTY + dots) if self.has_dots else MARKS[number % len(MARKS)]


def _between(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The dots of a straight line, both ends with it."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    for step in range(steps + 1):
        yield (
            round(start[0] + (end[0] - start[0]) * step / steps),
            round(start[1] + (end[1] - start[1]) * step / steps),
        )
