"""Brings a history up to date: events that were not taken in, and runs that nobody ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.processes import ProcessMark, is_running

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from amlplan.history import RunSummary
    from amlplan.runs.place import RunPlace

NEVER_SUBMITTED = "amlplan was ended before it was submitted"


def bring_up_to_date(place: RunPlace) -> None:
    """Take in what runs recorded, and end those whose supervisor is gone; may be repeated.

    Blocks; what is still running is left alone. Raises HistoryError and ProviderError.
    """
    place.history.sync()
    settled = [run for run in place.history.unfinished() if _settle(run, place)]
    for run in settled:
        place.history.sync(run.id, wait=True)


def _settle(run: RunSummary, place: RunPlace) -> bool:
    """End a run that nobody looks after any more; whether it was one."""
    if run.parent is not None:
        return False  # a child ends with the run that made it
    folder = place.folder_of(run.id)
    state = place.jobs.pull(run.id, folder)
    if state == "lost":
        place.jobs.finish_lost(run.id, folder, place.content.folder)
        return True
    if state == "ended":
        return True
    if state == "unknown" and not _is_being_submitted(place.history.run(run.id).definition):
        event = {"type": "status", "status": "Failed", "reason": NEVER_SUBMITTED}
        place.history.append_control(run.id, event)
        return True
    return False


def _is_being_submitted(definition: Mapping[str, Any]) -> bool:
    mark = definition.get("submitter")
    return isinstance(mark, dict) and is_running(ProcessMark(**mark))
