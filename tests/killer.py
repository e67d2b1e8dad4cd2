"""`amlplan` that ends itself without a farewell at some place: python killer.py PLACE ARGUMENTS.

PLACE is a name of `PLACES`; with `group:` before it, the whole process group is ended. With
`conductor:` a path comes after it, and the process that conducts a grid is ended instead.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import Any

from amlplan.cli.app import run

PLACES = {
    "storing": "amlplan_local.store.ContentStore.put",
    "stored": "amlplan.runs.launch.commit_of",
    "created": "amlplan.runs.launch.materialise",
    "filled": "amlplan.runs.launch._job",
    "submitting": "subprocess.Popen.communicate",
    "submitted": "amlplan.cli.single_run.follow",
    "gridding": "amlplan.runs.conductor.fork",
    "forked": "amlplan.runs.conducting._was_taken_over",
    "gridded": "amlplan.cli.grid_run.watch",
    "ended": "amlplan.cli.single_run._recorded",
}
"""What is about to be called when the process is ended."""


def owner_of(path: str) -> tuple[Any, str]:
    """The module or class that has the function of a path, and what it is called there."""
    *names, last = path.split(".")
    for length in range(len(names), 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(names[:length]))
        except ImportError:
            continue
        for name in names[length:]:
            owner = getattr(owner, name)
        return owner, last
    raise LookupError(path)


def end_conductor_at(path: str) -> None:
    """Put the end of the process that conducts a grid in the place of a function."""
    conductor = importlib.import_module("amlplan.runs.conducting")
    before = conductor._leave

    def leave(*arguments: Any) -> None:
        before(*arguments)
        end_at(path, group=False)

    conductor._leave = leave  # type: ignore[attr-defined]


def end_at(path: str, *, group: bool) -> None:
    """Put the end of this process, or of its group, in the place of a function."""
    owner, name = owner_of(path)
    before = getattr(owner, name)

    def end(*arguments: Any, **values: Any) -> Any:
        if name == "communicate":
            process, *task = arguments
            if process.stdin is None:  # git
                return before(*arguments, **values)
            process.stdin.write(*task)  # the supervisor is told all, and answers nobody
            process.stdin.close()
        os.kill(0 if group else os.getpid(), signal.SIGKILL)
        return None

    setattr(owner, name, end)


if __name__ == "__main__":
    place = sys.argv[1]
    if place.startswith("conductor:"):
        end_conductor_at(place.removeprefix("conductor:"))
        sys.exit(run(sys.argv[2:]))
    end_at(PLACES[place.removeprefix("group:")], group=place.startswith("group:"))
    sys.exit(run(sys.argv[2:]))
