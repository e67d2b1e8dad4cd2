"""Records that a run does not respond, and that it does again, as whoever looks finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.files import locked

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.abilities import JobState
    from amlplan.runs.place import RunPlace

AWAY = "away"
"""The file in a run's folder that says why it is out of reach, while it is."""
SILENT = "its supervisor gives no sign of life"
_FOUND = {
    ("silent", "Running"): ("NotResponding", SILENT),
    ("running", "NotResponding"): ("Running", None),
}
"""The status, and its reason, that a job's state makes of another status."""


def why_away(folder: Path) -> str | None:
    """Why a run is out of reach whose supervisor is well; None where it is not."""
    try:
        return (folder / AWAY).read_text(encoding="utf-8") or None
    except OSError:
        return None


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
        if reason is not None:
            reason = why_away(place.folder_of(run_id)) or reason
        event = {"type": "status", "status": status, "reason": reason}
        place.history.append_control(run_id, event)
    return status
