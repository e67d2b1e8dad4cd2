"""How a script ended, as its run tells it."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

from amlplan_local.guarded import CANCELED, TOO_LONG, UNGUARDED

KILLED = 128 + signal.SIGKILL
MEANWHILE = ", and the kernel killed a process meanwhile for lack of memory"
"""That it was one of the run is likely and not known: the counter is that of a control group."""
_LAST_LINE = re.compile(r"(?:[\w.]*\.)?(_?\w*MemoryError)\b")
_ANYWHERE = re.compile(
    r"java\.lang\.OutOfMemoryError|std::bad_alloc|JavaScript heap out of memory"
    r"|^Out of memory(?:!| in perl)|cannot allocate vector of size|Cannot allocate memory",
    re.MULTILINE,
)
"""What programs say on standard error when they get no memory."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The status, reason and exit code that a script came to; whether another attempt may help."""

    status: str
    reason: str | None = None
    code: int | None = None
    may_help: bool = False


def ending_of(code: int, why: str, seconds: float | None, errors: str, *, killed: bool) -> Ending:
    """The ending of a script that exited with this code.

    `why` is why it was ended, if it was; `seconds` what it had; `errors` the end of its standard
    error; `killed` tells that the kernel killed something meanwhile for lack of memory.
    """
    if why == CANCELED:
        return Ending("Canceled", None, code)
    if why == UNGUARDED:
        return Ending("Failed", "the process that guards it was killed" + MEANWHILE * killed)
    if why == TOO_LONG:
        return Ending("Failed", f"took longer than max_run_duration, {seconds:g} s", code)
    if code == 0:
        return Ending("Completed", None, code)
    return Ending("Failed", _reason(code, errors, killed=killed), code, may_help=True)


def _reason(code: int, errors: str, *, killed: bool) -> str:
    if killed and code == KILLED:
        return "out of memory: the kernel killed it"
    said = _said_of_memory(errors)
    if said is not None:
        return f"out of memory: {said}, exit code {code}"
    if killed:
        return _plain(code) + MEANWHILE
    return _plain(code)


def _said_of_memory(errors: str) -> str | None:
    """What tells in the end of standard error that there was no memory."""
    last = errors.rpartition("\n")[2]
    found = _LAST_LINE.match(last)
    if found is not None:
        return found[1]
    found = _ANYWHERE.search(errors)
    return None if found is None else found[0]


def _plain(code: int) -> str:
    number = code - 128
    if number in set(signal.Signals):
        return f"ended by signal {number} ({signal.Signals(number).name})"
    return f"exit code {code}"
