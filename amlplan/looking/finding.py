"""Finds runs among all of a workspace: by what they are, in an order, so many of them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from amlplan.errors import RunError
from amlplan.looking.compared_values import known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amlplan.history import RunOverview
    from amlplan.looking.condition import Condition
    from amlplan.looking.facts import FactName

_AGO = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>s|m|h|d|w)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are wanted: those for which everything holds that is given here."""

    name: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    since: float | None = None
    condition: Condition | None = None

    def found(self, runs: Iterable[RunOverview]) -> list[RunOverview]:
        """The runs that are wanted, in their order."""
        return [run for run in runs if self._fits(run)]

    def _fits(self, run: RunOverview) -> bool:
        if self.name is not None and not fnmatchcase(run.summary.name, self.name):
            return False
        if self.since is not None and run.summary.created < self.since:
            return False
        for name, value in self.tags.items():
            if name not in run.tags or (value is not None and run.tags[name] != value):
                return False
        return self.condition is None or self.condition.fits(run)


def moment_of(text: str, option: str) -> float:
    """The moment that a text means: so long ago (`90m`), a day, or a time; raises RunError."""
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        return time.time() - float(ago["count"]) * _SECONDS[ago["unit"]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise RunError(
            "Not a moment",
            f"-{option}={text} is neither a length of time before now, as in 90m, 12h, 2d or 3w, "
            "nor a day or time, as in 2026-11-25 or 2026-11-25T14:30.",
        ) from None


def in_order(
    runs: Iterable[RunOverview], fact: FactName, *, is_reversed: bool = False
) -> list[RunOverview]:
    """Runs by what they have of a fact, the least first; those that lack it come last."""
    keyed = [(sort_key(fact.of(run)), run) for run in runs]
    having = [(key, run) for key, run in keyed if key is not None]
    having.sort(key=lambda item: item[0], reverse=is_reversed)
    return [run for _, run in having] + [run for key, run in keyed if key is None]


def sort_key(value: Any) -> tuple[int, Any] | None:
    """What a fact is sorted by: numbers before texts; None for what is missing, or NaN."""
    value = known(value)
    if value is None:
        return None
    if isinstance(value, str):
        try:
            number = Decimal(value)
        except ArithmeticError:
            return (1, value)
        return (1, value) if number.is_nan() else (0, number)
    return (0, value) if isinstance(value, int | Decimal) else (1, str(value))


def tags_of(texts: Sequence[str]) -> dict[str, str | None]:
    """Tags by what is demanded of their values, None where any will do; raises RunError."""
    found: dict[str, str | None] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name:
            raise RunError("A tag without a name", f"{text} has none. Write it as NAME=VALUE.")
        found[name] = value if equals else None
    return found
