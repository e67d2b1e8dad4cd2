"""Earlier outputs that a run finds in its working folder, to go on from them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import RunError
from amlplan.files import make_folder
from amlplan.history import FINAL
from amlplan.runs.due import bring_up_to_date
from amlplan.runs.launch import Origin
from amlplan.runs.outputs import content_path
from amlplan.snapshots.copies import write_copy
from amlplan.snapshots.manifest import File

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.history import OutputFile, RunDetail
    from amlplan.runs.place import RunPlace

RESUMED_FROM, RESUME_PATH = "AMLPLAN_RESUMED_FROM", "AMLPLAN_RESUME_PATH"
LOGS = "logs/"
"""What of the earlier run is left where it is: it tells of that run only."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """An earlier run, and the outputs of it that a later one starts with."""

    run_id: str
    files: tuple[OutputFile, ...]

    def variables(self, work: Path) -> dict[str, str]:
        """What the script is told."""
        return {RESUMED_FROM: self.run_id, RESUME_PATH: str(work / "outputs")}

    def put_into(self, work: Path, place: RunPlace) -> None:
        """Copy the outputs to where they were; what stands there already stays.

        They are copies that the script may change: they share the store's blocks until then,
        where the file system can. Raises AmlplanError.
        """
        for file in self.files:
            target = work / file.path
            if not os.path.lexists(target):
                make_folder(target.parent)
                stored = content_path(place, self.run_id, file)
                write_copy(stored, target, File(file.digest, file.size))


def earlier_run(reference: str, history: str, place: RunPlace) -> RunDetail:
    """The run that another goes on from; a number, and `latest`, are those of its history.

    Raises HistoryError where there is none, or several fit.
    """
    bring_up_to_date(place)
    is_of_history = reference == "latest" or reference.isdecimal()
    return place.history.run(reference, history=history if is_of_history else None)


def resumed_origin(run: RunDetail) -> Origin:
    """What a run that goes on from another says of where it comes from."""
    return Origin(edges=((f"run:{run.summary.id}", "resumed"),))


def resumption_of(run: RunDetail) -> Resumption:
    """What a run leaves to one that goes on from it; RunError where it leaves nothing yet."""
    if run.summary.status not in FINAL:
        raise RunError(
            "The run has not ended",
            f"{run.summary.id} is {run.summary.status}, and its outputs are kept when it ends. "
            f"Wait for that, or end it: amlplan runs cancel {run.summary.id}",
        )
    files = tuple(file for name, file in run.outputs.items() if not name.startswith(LOGS))
    if not files:
        raise RunError(
            "Nothing to go on from",
            f"{run.summary.id} gave no outputs. Start anew, without -resume.",
        )
    return Resumption(run.summary.id, files)
