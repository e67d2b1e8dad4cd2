"""A wall clock that steps back and forth by days at every look; the monotonic one goes on."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 24 * 3600
STEPS = (-3 * DAY, 2 * DAY, -40 * DAY, 400 * DAY)
"""By how much each look is off, in seconds, in turn."""


def step_back_and_forth() -> None:
    """Give this process that clock, in whatever way it is looked at from now on."""
    steps: Iterator[int] = itertools.cycle(STEPS)
    really, really_ns, moment = time.time, time.time_ns, dt.datetime

    class Stepping(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Self:
            return cls.fromtimestamp(really() + next(steps), tz)

    time.time = lambda: really() + next(steps)
    time.time_ns = lambda: really_ns() + next(steps) * 10**9
    dt.datetime = Stepping  # type: ignore[misc]
    for module in list(sys.modules.values()):
        if getattr(module, "datetime", None) is moment and module.__name__.startswith("amlplan"):
            module.datetime = Stepping  # type: ignore[attr-defined]
