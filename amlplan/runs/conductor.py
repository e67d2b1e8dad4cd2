"""Conducts a grid: a process of its own starts the members, so many at once, and ends the grid."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError, HistoryError, ProviderError, RunError
from amlplan.runs.conducted import members_of
from amlplan.runs.conducting import fork
from amlplan.runs.due import settle
from amlplan.runs.final_status import StatusTail
from amlplan.runs.grids import CANCELED, GRID, MEMBER, ending_of
from amlplan.runs.launch import Origin, draft_of, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.history import RunSummary
    from amlplan.runs.grids import Grid
    from amlplan.runs.launch import Prepared
    from amlplan.runs.place import RunPlace

PAUSE = 0.1
LOOK = 2.0
"""Seconds between two looks at whether the supervisors of the members are still there."""
TRIES, BETWEEN = 20, 3.0
"""How often a history that cannot be written is tried again, and seconds between."""


def start_grid(
    grid: Grid,
    prepared: Prepared,
    place: RunPlace,
    check: Callable[[], None] = lambda: None,
    origin: Origin | None = None,
) -> RunSummary:
    """Record a grid and start the process that conducts it; returns when that has taken over.

    It goes on whatever becomes of this process. Raises AmlplanError.
    """
    check()
    more = origin or Origin()
    told = replace(more, definition={**more.definition, GRID: grid.definition})
    run = place.history.create(draft_of(grid.own_request, prepared, place, told))
    try:
        fork(run.id, place, lambda: Conductor(run.id, grid, prepared, place, more).conduct)
    except OSError as failure:
        reason = f"the process that conducts it cannot be started: {failure.strerror}"
        place.history.append_control(
            run.id, {"type": "status", "status": "Failed", "reason": reason}
        )
        raise RunError("The grid cannot be started", f"{run.id}: {reason}.") from failure
    return run


class Conductor:
    """The members of one grid, from the first to the last."""

    def __init__(
        self, run_id: str, grid: Grid, prepared: Prepared, place: RunPlace, more: Origin
    ) -> None:
        self._id, self._grid, self._prepared, self._place = run_id, grid, prepared, place
        self._more = more
        self._waiting = list(range(len(grid.members)))
        self._running: dict[str, StatusTail] = {}
        self._because = ""
        self._is_canceled = False
        self._canceled: set[str] = set()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._cancel)

    def conduct(self) -> None:
        """Run every member, then tell how it went; blocks."""
        looked = time.monotonic()
        while self._running or (self._waiting and not self._because):
            if self._is_canceled:
                self._because = CANCELED
                self._cancel_members()
            elif self._waiting and len(self._running) < self._grid.parallelism:
                self._start_next()
                continue
            is_due = time.monotonic() - looked > LOOK
            looked = time.monotonic() if is_due else looked
            self._look(is_due=is_due)
            time.sleep(PAUSE)
        self._tell_end()

    def _start_next(self) -> None:
        member = self._waiting.pop(0)
        origin = replace(
            self._more,
            parent=self._id,
            definition={**self._more.definition, MEMBER: member},
        )
        try:
            run = start(self._grid.request_of(member), self._prepared, self._place, origin=origin)
        except HistoryError as failure:
            # Without a history nothing is started: what is, goes on.
            self._waiting.insert(0, member)
            self._because = f"history cannot be written: {failure.summary}"
        except AmlplanError:
            return  # recorded as failed, with the reason
        else:
            self._running[run.id] = StatusTail(self._place.folder_of(run.id))

    def _look(self, *, is_due: bool) -> None:
        for run_id, tail in list(self._running.items()):
            has_ended = tail.final() is not None or not tail.folder.exists()
            if is_due and not has_ended:
                with suppress(ProviderError):
                    has_ended = settle(run_id, self._place)
            if has_ended:
                del self._running[run_id]
                with suppress(HistoryError):
                    self._place.history.sync(run_id, wait=True)

    def _cancel(self, *_: object) -> None:
        self._is_canceled = True

    def _cancel_members(self) -> None:
        for run_id in self._running.keys() - self._canceled:
            with suppress(ProviderError):  # it is tried again
                self._place.jobs.cancel(run_id, self._place.folder_of(run_id))
                self._canceled.add(run_id)

    def _tell_end(self) -> None:
        """Write the grid's last status; where history takes none, who looks next does it."""
        for _ in range(TRIES):
            with suppress(HistoryError):
                for member in members_of(self._id, self._place):
                    self._place.history.sync(member.summary.id, wait=True)
                grid = self._place.history.run(self._id)
                ending = ending_of(grid, members_of(self._id, self._place), self._because)
                self._place.history.append_control(self._id, ending)
                return
            time.sleep(BETWEEN)
