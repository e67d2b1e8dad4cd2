"""Asks runs to end: a script by its supervisor, a grid by whoever conducts it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan.history import FINAL
from amlplan.runs.conducted import tell_conductor
from amlplan.runs.grids import is_grid

if TYPE_CHECKING:
    from amlplan.runs.place import RunPlace


def cancel(run_id: str, place: RunPlace) -> None:
    """Ask for the end of a run, or of all members of a grid; returns when asked.

    Raises ProviderError where nobody can be asked, of several members the last such error.
    """
    run = place.history.run(run_id)
    folder = place.folder_of(run_id)
    if not is_grid(run.definition):
        place.jobs.cancel(run_id, folder)
        return
    if tell_conductor(folder, signal.SIGTERM):
        return
    failed = None
    for member in run.children:
        if member.status not in FINAL:
            try:
                place.jobs.cancel(member.id, place.folder_of(member.id))
            except ProviderError as failure:
                failed = failure
    if failed is not None:
        raise failed
