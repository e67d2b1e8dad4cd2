"""Functions of times in the form of RFC 3339."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.types import STRING

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.values import Value

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([-+])([01]\d|2[0-3]):([0-5]\d))\Z",
    re.ASCII,
)
_DURATION = re.compile(r"([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)\Z", re.ASCII)
_PART = re.compile(r"([\d.]+)([a-zµμ]+)", re.ASCII)
_SEQUENCE = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|(')|[^A-Za-z']+")
_SECOND: Final = 1_000_000_000
_NANOSECONDS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
}
_LONGEST: Final = 2**63 - 1  # of nanoseconds, as Go has it: 292 years
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class _Moment:
    """A moment: a time with its zone, and the nanoseconds into its second."""

    time: datetime
    nanoseconds: int


def _moment(text: str, argument: int) -> _Moment:
    found = _TIME.match(text)
    stated = None
    if found is not None:
        with suppress(ValueError):
            stated = datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - zone below
    if found is None or stated is None:
        raise FunctionFailure(
            f'"{text}" is no time. Write it as in 2026-01-31T18:30:00Z.', argument
        )
    offset = timedelta(hours=int(found[4] or 0), minutes=int(found[5] or 0))
    zone = timezone(-offset if found[3] == "-" else offset)
    return _Moment(stated.replace(tzinfo=zone), int((found[2] or "").ljust(9, "0")[:9]))


def _offset(time: datetime, separator: str) -> str:
    text = f"{time:%z}"
    return f"{text[:3]}{separator}{text[3:]}"


def _zone(time: datetime) -> str:
    return _offset(time, ":") if time.utcoffset() else "Z"


_VERBS: Final[dict[str, Callable[[datetime], str]]] = {
    "YYYY": lambda time: f"{time.year:04}",
    "YY": lambda time: f"{time.year % 100:02}",
    "MMMM": lambda time: _MONTHS[time.month - 1],
    "MMM": lambda time: _MONTHS[time.month - 1][:3],
    "MM": lambda time: f"{time.month:02}",
    "M": lambda time: str(time.month),
    "DD": lambda time: f"{time.day:02}",
    "D": lambda time: str(time.day),
    "EEEE": lambda time: _DAYS[time.weekday()],
    "EEE": lambda time: _DAYS[time.weekday()][:3],
    "hh": lambda time: f"{time.hour:02}",
    "h": lambda time: str(time.hour),
    "HH": lambda time: f"{(time.hour - 1) % 12 + 1:02}",
    "H": lambda time: str((time.hour - 1) % 12 + 1),
    "AA": lambda time: "AM" if time.hour < 12 else "PM",  # noqa: PLR2004 - noon
    "aa": lambda time: "am" if time.hour < 12 else "pm",  # noqa: PLR2004 - noon
    "mm": lambda time: f"{time.minute:02}",
    "m": lambda time: str(time.minute),
    "ss": lambda time: f"{time.second:02}",
    "s": lambda time: str(time.second),
    "ZZZZZ": lambda time: _offset(time, ":"),
    "ZZZZ": lambda time: _offset(time, ""),
    "ZZZ": lambda time: _offset(time, "") if time.utcoffset() else "UTC",
    "Z": _zone,
}


def _formatdate(pattern: str, text: str) -> Value:
    """Fill the letters of a pattern in; what stands between single quotes is meant literally."""
    time = _moment(text, 1).time

    def fill(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1].replace("''", "'") or "'"
        if match[4]:
            raise FunctionFailure("a single quote is not closed; to mean one, double it.", 0)
        if match[2] is None:
            return match[0]
        verb = _VERBS.get(match[2])
        if verb is None:
            raise FunctionFailure(
                f'"{match[2]}" means nothing. There are {", ".join(_VERBS)}; plain letters stand '
                "between single quotes.",
                0,
            )
        return verb(time)

    return _SEQUENCE.sub(fill, pattern)


def _nanoseconds(duration: str) -> int:
    found = _DURATION.match(duration)
    if found is None:
        raise FunctionFailure(
            f'"{duration}" is no duration. Write it as in 1h30m or -10s; the units are '
            f"{', '.join(_NANOSECONDS)}.",
            1,
        )
    total = sum(int(Decimal(count) * _NANOSECONDS[unit]) for count, unit in _PART.findall(found[2]))
    if total > _LONGEST:
        raise FunctionFailure("a duration has at most 2562047 hours.", 1)
    return -total if found[1] == "-" else total


def _timeadd(text: str, duration: str) -> Value:
    moment = _moment(text, 0)
    seconds = (moment.nanoseconds + _nanoseconds(duration)) // _SECOND
    try:
        time = moment.time + timedelta(seconds=seconds)
    except OverflowError:
        raise FunctionFailure("the result is not in the years 1 to 9999.") from None
    return f"{time.year:04}-{time:%m-%dT%H:%M:%S}{_zone(time)}"


def _timecmp(first: str, second: str) -> Value:
    """Give -1, 0 or 1, as the first time is before, at or after the second."""
    left, right = _moment(first, 0), _moment(second, 1)
    ours, theirs = (left.time, left.nanoseconds), (right.time, right.nanoseconds)
    return (ours > theirs) - (ours < theirs)


DATES: Final = (
    Function("formatdate", _formatdate, (Parameter("format", STRING), Parameter("time", STRING))),
    Function("timeadd", _timeadd, (Parameter("timestamp", STRING), Parameter("duration", STRING))),
    Function(
        "timecmp", _timecmp, (Parameter("timestamp_a", STRING), Parameter("timestamp_b", STRING))
    ),
)
