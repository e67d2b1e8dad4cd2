"""Notes every apply of this process: its plan, the state it began with, and what it reported."""

from __future__ import annotations

import functools
import importlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from amlplan.applying.apply import apply_plan
from amlplan.events import Failed, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.applying.apply import Applying, ApplyResult
    from amlplan.events import Event
    from amlplan_schemas.plan import Plan
    from amlplan_schemas.state import Record, State

HOLDERS = ("amlplan.applying.apply", "amlplan.project.course")
"""The modules that call `apply_plan`; a test finds those that are missing here."""


@dataclass(slots=True)
class WatchedApply:
    """An apply: `before` is the state that it was handed, with interrupted operations settled.

    `skipped` says because of what. Without a `result` the apply broke off.
    """

    plan: Plan
    before: State
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    result: ApplyResult | None = None

    @property
    def records(self) -> Mapping[str, Record]:
        """The records that the plan's operations begin with, where the plan moved them to."""
        moves = self.plan.moves
        found = {moves.get(name, name): record for name, record in self.before.records.items()}
        return found | {item.address: item.record for item in self.plan.imports}

    @property
    def broke_off(self) -> bool:
        """Whether operations may be left out without a word about each."""
        return self.result is None or self.result.interrupted

    def note(self, event: Event) -> None:
        """Keep what is reported of an operation that was not carried out."""
        if isinstance(event, Failed):
            self.failed[event.address] = event.error.summary
        elif isinstance(event, Skipped):
            self.skipped[event.address] = event.because


@contextmanager
def watched_applies() -> Iterator[list[WatchedApply]]:
    """The applies of this process from now on, in order."""
    seen: list[WatchedApply] = []

    @functools.wraps(apply_plan)
    def watched(plan: Plan, applying: Applying, *arguments: Any, **named: Any) -> ApplyResult:
        apply = WatchedApply(plan, applying.writer.state)
        seen.append(apply)

        def emit(event: Event) -> None:
            apply.note(event)
            applying.emit(event)

        apply.result = apply_plan(plan, replace(applying, emit=emit), *arguments, **named)
        return apply.result

    with ExitStack() as stack:
        for name in HOLDERS:
            stack.enter_context(patch.object(importlib.import_module(name), "apply_plan", watched))
        yield seen
