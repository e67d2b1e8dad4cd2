"""Ends a task: a run through its supervisor, an apply by the signal that a terminal would send."""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING

from amlplan.backend import ShowsLock
from amlplan.errors import PlanError, RunError
from amlplan.history import FINAL
from amlplan.project.task_applies import APPLY
from amlplan.provider import has
from amlplan.runs.canceling import cancel
from amlplan.runs.place import root_of

if TYPE_CHECKING:
    from amlplan.backend import Backend, Holder
    from amlplan.history import RunSummary
    from amlplan.runs.place import RunPlace


def cancel_run(run: RunSummary, place: RunPlace) -> bool:
    """Ask for the end of a run or grid; False where it has ended already.

    Raises RunError for the child of a run, which ends with that.
    """
    if run.status in FINAL:
        return False
    root = root_of(run.id)
    if root != run.id:
        raise RunError("A child of a run", f"{run.id} belongs to {root}. Cancel that one.")
    cancel(run.id, place)
    return True


def cancel_apply(backend: Backend | None) -> Holder | None:
    """Ask the command that holds the state's lock to stop in good order; gives who that is.

    None where nobody holds it. Raises PlanError where it cannot be asked from here.
    """
    status = backend.lock_status() if backend is not None and has(backend, ShowsLock) else None
    if status is None or not status.is_held:
        return None
    holder = status.holder
    if holder is None:
        raise PlanError(
            "It is not known who applies",
            "A process that did not say who it is holds the lock of the state. Wait for its end.",
        )
    if holder.host != socket.gethostname():
        raise _elsewhere(holder, f"it runs on {holder.host}, and signals reach this host only")
    try:
        os.kill(holder.pid, signal.SIGINT)
    except ProcessLookupError:
        return None
    except PermissionError as failure:
        raise _elsewhere(holder, f"it is a process of {holder.user}'s") from failure
    return holder


def is_apply(task: str) -> bool:
    """Whether a task is named that belongs to an apply."""
    return task == APPLY or task.startswith(f"{APPLY}/")


def _elsewhere(holder: Holder, why: str) -> PlanError:
    job = f", or cancel the job at {holder.url}" if holder.url else ""
    return PlanError(
        "The apply cannot be canceled from here",
        f"`{holder.command}` is process {holder.pid} of {holder.user} on {holder.host}, and {why}. "
        f"End it there with: kill -INT {holder.pid}{job}",
    )
