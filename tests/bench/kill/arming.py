"""Puts kills between the steps of an apply, for any backend and any provider.

The product has no hooks: what comes through the entry points is wrapped, in the child that dies.
"""

from __future__ import annotations

import functools
import importlib
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

from amlplan.provider import Missing, Unreachable
from amlplan.registry import BACKENDS, PROVIDERS
from bench.kill import clock, local_disk
from bench.kill.phases import (
    AFTER_OUTCOME,
    AFTER_RENAME,
    AT_OUTCOME,
    BEFORE_INTENT,
    BEFORE_RENAME,
    CALL_TO_PROGRESS,
    INTENT_TO_CALL,
    OPENING,
    PROGRESS_TO_OUTCOME,
    WITHIN_CALL,
)
from killer import owner_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.kill.phases import Killer

NO_INTENT = "the intent is not written"
FIND_SAYS_MISSING = "find says Missing, whatever there is"
SILENCE_SAYS_MISSING = "find says Missing where it should say Unreachable"
OUTCOME_IS_LOST = "the outcome of a create is that nothing is there"
CLOCK_STEPS = "the clock steps back and forth by days"
FAULTS = (NO_INTENT, FIND_SAYS_MISSING, SILENCE_SAYS_MISSING, OUTCOME_IS_LOST, CLOCK_STEPS)


def arm(killer: Killer, moments: Sequence[str]) -> None:
    """Put the kills, and the fault of the order, where the product comes by."""
    if killer.order.fault == CLOCK_STEPS:
        clock.step_back_and_forth()
    for moment in moments:
        _arm_moment(killer, moment)
    really = EntryPoint.load

    def load(point: EntryPoint) -> Any:
        made = really(point)
        if point.group == PROVIDERS:
            return _faulty_provider(made, killer.order.fault)
        if point.group == BACKENDS:
            if point.name == "local":
                local_disk.arm(killer)
            return lambda *settings: _Backend(made(*settings), killer)
        return made

    replace(EntryPoint, "load", load)


def replace(owner: Any, name: str, replacement: Callable[..., Any]) -> None:
    """Put something into the place of a function or a method."""
    setattr(owner, name, replacement)


def _arm_moment(killer: Killer, moment: str) -> None:
    owner, name = owner_of(moment)
    real = getattr(owner, name)

    @functools.wraps(real)
    def counted(*arguments: Any, **values: Any) -> Any:
        if not killer.is_in_call:
            return real(*arguments, **values)
        killer.pass_by(WITHIN_CALL)
        result = real(*arguments, **values)
        killer.pass_by(WITHIN_CALL)
        return result

    replace(owner, name, counted)


class _Wrapped:
    def __init__(self, inner: Any, killer: Killer) -> None:
        self._inner = inner
        self._killer = killer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Backend(_Wrapped):
    def open(self, *arguments: Any, **values: Any) -> _OpenState:
        self._killer.pass_by(OPENING)
        opened = self._inner.open(*arguments, **values)
        self._killer.pass_by(OPENING)
        return _OpenState(opened, self._killer)


class _OpenState(_Wrapped):
    def __enter__(self) -> _Writer:
        return _Writer(self._inner.__enter__(), self._killer)

    def __exit__(self, *exception: object) -> None:
        self._inner.__exit__(*exception)


class _Writer(_Wrapped):
    """Comes by the phases around each entry."""

    def begin(self, intent: Any) -> None:
        self._killer.pass_by(BEFORE_INTENT)
        if self._killer.order.fault != NO_INTENT:
            self._inner.begin(intent)
        self._killer.is_in_call = True
        self._killer.pass_by(INTENT_TO_CALL)

    def step(self, *entry: Any) -> None:
        self._killer.pass_by(CALL_TO_PROGRESS)
        if self._killer.order.fault != NO_INTENT:
            self._inner.step(*entry)
        self._killer.pass_by(PROGRESS_TO_OUTCOME)

    def finish(self, address: str, record: Any) -> None:
        self._killer.is_in_call = False
        self._killer.pass_by(AT_OUTCOME)
        self._killer.pass_by(PROGRESS_TO_OUTCOME)
        lost = self._killer.order.fault == OUTCOME_IS_LOST and address not in self._inner.records
        self._inner.finish(address, None if lost else record)
        self._killer.pass_by(AFTER_OUTCOME)

    def conclude(self, *entry: Any, **values: Any) -> Any:
        self._killer.pass_by(BEFORE_RENAME)
        state = self._inner.conclude(*entry, **values)
        self._killer.pass_by(AFTER_RENAME)
        return state


def _faulty_provider(made: Any, fault: str) -> Any:
    """The class of a provider, with its ability to find what an operation left taken away."""
    if fault not in {FIND_SAYS_MISSING, SILENCE_SAYS_MISSING} or not hasattr(made, "find"):
        return made

    def find(provider: Any, *asked: Any) -> Any:
        answer = made.find(provider, *asked)
        is_silent = isinstance(answer, Unreachable)
        return Missing() if is_silent or fault == FIND_SAYS_MISSING else answer

    return type(made.__name__, (made,), {"find": find})


def import_before(moments: Sequence[str]) -> None:
    """Import what commands and moments need, so that processes that are forked start at once."""
    for name in (
        "amlplan.cli.app",
        "amlplan.cli.commands.apply",
        "amlplan.cli.commands.destroy",
        "amlplan.cli.commands.plan",
        "amlplan.children",
    ):
        importlib.import_module(name)
    for moment in moments:
        owner_of(moment)
