"""Scales of plots: the range of what is drawn, and round numbers to mark on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from amlplan.looking.curves import Curve

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of values that is not empty."""

    least: float
    greatest: float

    @classmethod
    def over(cls, values: Iterable[float]) -> Scale:
        """The scale that holds these values, and something around a single one."""
        found = list(values)
        least, greatest = (min(found), max(found)) if found else (0.0, 1.0)
        if least == greatest:
            around = abs(least) / 2 or 1.0
            return cls(least - around, greatest + around)
        return cls(least, greatest)

    def part(self, value: float) -> float:
        """Where a value lies, from 0 to 1; halves keep a range of huge numbers finite."""
        whole = self.greatest / 2 - self.least / 2
        return (value / 2 - self.least / 2) / whole if whole else 0.5

    def ticks(self, about: int) -> list[float]:
        """Round numbers in the range, about so many."""
        span = self.greatest / 2 - self.least / 2
        raw = 2 * span / max(1, about) if math.isfinite(2 * span) else span
        if raw <= 0 or not math.isfinite(raw):
            return [self.least, self.greatest]
        power = 10.0 ** math.floor(math.log10(raw))
        step = next((each * power for each in _ROUND if each * power >= raw), raw)
        if not step or not math.isfinite(step):
            return [self.least, self.greatest]
        first = math.ceil(self.least / step - 1e-9)
        last = math.floor(self.greatest / step + 1e-9)
        if last - first > 10 * about:  # the numbers are too close for their size
            return [self.least, self.greatest]
        return [index * step for index in range(first, last + 1)]


def scales_of(curves: Sequence[Curve]) -> tuple[Scale, Scale]:
    """The scales of x and of y over all curves."""
    spots = [spot for curve in curves for spot in curve.spots]
    return Scale.over(x for x, _ in spots), Scale.over(y for _, y in spots)


def number_text(value: float) -> str:
    """A number beside an axis."""
    return f"{value + 0.0:.6g}"
