"""Brings a history up to date: events that were not taken in, and runs that nobody ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.abilities import SUPERVISED
from amlplan.errors import ProviderError
from amlplan.history import FINAL
from amlplan.processes import ProcessMark, is_running
from amlplan.runs.conducted import conductor_of, settle_grid
from amlplan.runs.grids import is_grid
from amlplan.runs.place import root_of
from amlplan.runs.responding import is_news, record_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from amlplan.history import RunSummary
    from amlplan.runs.place import RunPlace

PARENT_ENDED = "the run that it belongs to ended before it did"


def bring_up_to_date(place: RunPlace) -> list[ProviderError]:
    """Take in what runs recorded, and end those that nobody looks after; may be repeated.

    Blocks; what is still running is left alone. Gives what kept single runs from being looked at,
    or all of them, where this user may only read; raises HistoryError.
    """
    if place.history.sync().is_read_only:
        return [_only_read(place)]
    failures: list[ProviderError] = []
    # The newest first: the members of a grid before what stands for all of them.
    for run in reversed(place.history.unfinished()):
        if root_of(run.id) != run.id:
            continue
        try:
            has_ended = settle(run.id, place)
            if not has_ended:
                _look_for_life(run, place)
        except ProviderError as failure:
            failures.append(failure)
            continue
        if has_ended:
            place.history.sync(run.id, wait=True)
    end_children(place, place.history.unfinished())
    return failures


def settle(run_id: str, place: RunPlace) -> bool:
    """End a run where nobody looks after it any more; whether it has ended, now or before."""
    folder = place.folder_of(run_id)
    state = place.jobs.pull(run_id, folder)
    if state in SUPERVISED:
        return False
    if state == "unknown":
        definition = place.history.run(run_id).definition
        if is_grid(definition) and conductor_of(folder) is not None:
            return settle_grid(run_id, place, settle)
        if _is_being_submitted(definition):
            return False
        if is_grid(definition):
            return settle_grid(run_id, place, settle)
    place.jobs.finish_lost(run_id, folder, place.content.folder)
    return place.jobs.pull(run_id, folder) == "ended"


def _look_for_life(run: RunSummary, place: RunPlace) -> None:
    state = place.jobs.pull(run.id, place.folder_of(run.id))
    if is_news(state, run.status):
        record_response(run.id, place, state)


def end_children(place: RunPlace, unfinished: Iterable[RunSummary]) -> None:
    """End children that are left of runs that ended: their processes did not come to it."""
    for child in unfinished:
        if root_of(child.id) == child.id:
            continue
        status = place.history.run(root_of(child.id)).summary.status
        if status in FINAL:
            ending = status if status == "Canceled" else "Failed"
            event = {"type": "status", "status": ending, "reason": PARENT_ENDED}
            place.history.append_control(child.id, event)


def _only_read(place: RunPlace) -> ProviderError:
    return ProviderError(
        "Nothing was brought up to date",
        f"{place.folder} may only be read here. Runs are shown as somebody who may write there saw "
        "them last.",
    )


def _is_being_submitted(definition: Mapping[str, Any]) -> bool:
    mark = definition.get("submitter")
    return isinstance(mark, dict) and is_running(ProcessMark(**mark))
