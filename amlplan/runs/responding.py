"""Records that a run does not respond, and that it does again, as whoever looks finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.files import locked

if TYPE_CHECKING:
    from amlplan.abilities import JobState
    from amlplan.runs.place import RunPlace

SILENT = "its supervisor gives no sign of life"
_FOUND = {
    ("silent", "Running"): ("NotResponding", SILENT),
    ("running", "NotResponding"): ("Running", None),
}
"""The status, and its reason, that a job's state makes of another status."""


def is_news(state: JobState, status: str) -> bool:
    """Whether a job in this state has another status than is recorded."""
    return (state, status) in _FOUND


def record_response(run_id: str, place: RunPlace, state: JobState) -> str | None:
    """Record what a state means for the run's status; gives the status where it is a new one.

    It becomes an event, so that everybody who looks later sees the same. The supervisor that comes
    back need not know: each status that it tells may follow. May be called by several at once.
    """
    with locked(place.folder_of(run_id) / "responding.lock"):
        place.history.sync(run_id, wait=True)
        found = _FOUND.get((state, place.history.run(run_id).summary.status))
        if found is None:
            return None
        status, reason = found
        event = {"type": "status", "status": status, "reason": reason}
        place.history.append_control(run_id, event)
    return status
