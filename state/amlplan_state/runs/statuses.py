"""Which status a run has, after all that were written for it, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.history import FINAL, NEXT, StatusChange

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Course:
    """The legal statuses of a run, and how many were ignored."""

    changes: tuple[StatusChange, ...]
    ignored: int

    @property
    def status(self) -> str:
        """The current one."""
        return self.changes[-1].status if self.changes else "NotStarted"

    @property
    def started(self) -> float | None:
        """When the run first ran."""
        return next((change.time for change in self.changes if change.status == "Running"), None)

    @property
    def ended(self) -> float | None:
        """When it got a status that ends it; not before it started, whatever the clock said."""
        if self.status not in FINAL:
            return None
        end = self.changes[-1].time
        return end if self.started is None else max(end, self.started)


def course_of(changes: Iterable[StatusChange]) -> Course:
    """Follow the statuses; one that may not follow the one before is ignored."""
    legal: list[StatusChange] = []
    ignored = 0
    for change in changes:
        before = legal[-1].status if legal else "NotStarted"
        is_first_word = not legal and change.status == "NotStarted"
        if is_first_word or change.status in NEXT[before]:
            legal.append(change)
        else:
            ignored += 1
    return Course(tuple(legal), ignored)
