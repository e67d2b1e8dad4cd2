"""Watches a grid: its members as history has them, until all of it has ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from amlplan.history import FINAL
from amlplan.runs.due import settle
from amlplan.runs.final_status import StatusTail
from amlplan.runs.follow import check_there

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.history import RunDetail
    from amlplan.runs.place import RunPlace

PAUSE = 0.5
"""Seconds between two looks: each takes in what the members recorded."""
QUICK = 0.1


def watch(
    run_id: str, place: RunPlace, show: Callable[[RunDetail], None], check: Callable[[], None]
) -> RunDetail:
    """Show a grid again and again until it has ended; gives it as it is then.

    `check` is called often and may raise to stop watching; the grid goes on then.
    """
    tail = StatusTail(place.folder_of(run_id))
    looked = 0.0
    while True:
        check()
        has_ended = tail.final() is not None
        if has_ended or time.monotonic() - looked > PAUSE:
            looked = time.monotonic()
            check_there(run_id, place.folder_of(run_id))
            place.history.sync(wait=has_ended)
            has_ended = has_ended or settle(run_id, place)
            place.history.sync(run_id, wait=has_ended)
            grid = place.history.run(run_id)
            show(grid)
            if grid.summary.status in FINAL:
                return grid
        time.sleep(QUICK)
