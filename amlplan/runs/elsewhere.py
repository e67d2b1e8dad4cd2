"""Runs of other hosts in a history that several share, and what of them can be had here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import RunError
from amlplan.history_location import read_location
from amlplan.runs.place import root_of

if TYPE_CHECKING:
    from amlplan.history import RunSummary
    from amlplan.runs.place import RunPlace


def is_elsewhere(run: RunSummary, place: RunPlace) -> bool:
    """Whether a run has its folder on another host."""
    return read_location(place.folder) is not None and not place.folder_of(run.id).is_dir()


def check_is_here(run: RunSummary, place: RunPlace) -> None:
    """Raise RunError, which names the host, for a run of another host."""
    if is_elsewhere(run, place):
        raise RunError(
            "The run is on another host",
            f"{run.id} was started on {run.host}. What is recorded of it is shown here; to follow "
            "or to end it, go there.",
        )


def log_of(run: RunSummary, place: RunPlace) -> Path:
    """The log of a run, here or where its host put it when it had ended.

    Raises RunError, which names the host, for one that is only there.
    """
    location = read_location(place.folder)
    if location is None or not is_elsewhere(run, place):
        return place.folder_of(run.id) / "log.txt"
    shared = Path(location.logs) / f"{root_of(run.id)}.txt"
    if not shared.exists():
        raise RunError(
            "The log is on another host",
            f"The log of {run.id} is on {run.host}. It is put into the artifact store by the first "
            "amlplan command there after the run has ended, and is shown here then.",
        )
    return shared
