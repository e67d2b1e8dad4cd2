"""Runs that are active keep what they run on and record into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.abilities import SUPERVISED
from amlplan.errors import HistoryError, ProviderError
from amlplan.history_location import read_location

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.provider import ProviderContext
    from amlplan_local.jobs import LocalJobs


def refuse_while_active(
    address: str,
    workspace: Path,
    jobs: LocalJobs,
    context: ProviderContext,
    target: str | None = None,
) -> None:
    """Raise ProviderError, which names them, while runs of a workspace's folder are active.

    All runs count, or those on a target where its address is given. Where the history is on a
    server that cannot be reached, every run in the folder counts. Raises ProviderError also where
    a history in the folder cannot be read.
    """
    running = active_runs(workspace, jobs, context, target)
    if not running:
        return
    one = len(running) == 1
    raise ProviderError(
        "Runs are active",
        f"{', '.join(running)} {'is' if one else 'are'} running {'on' if target else 'in'} "
        f"{address}. Wait for {'its' if one else 'their'} end, or end {'it' if one else 'each'}: "
        f"amlplan runs cancel {running[0]}",
        address=address,
    )


def active_runs(
    workspace: Path, jobs: LocalJobs, context: ProviderContext, target: str | None
) -> list[str]:
    """The runs of a workspace's folder that are active, all or those on a target."""
    if not (workspace / "history").is_dir():
        return []
    try:
        history = context.open_history(workspace)
        history.sync()
        ids = [run.id for run in history.unfinished() if "." not in run.id]  # no child
        if target is not None:
            ids = [run for run in ids if history.run(run).definition.get("target") == target]
    except HistoryError as failure:
        if read_location(workspace) is None:
            raise ProviderError(
                "It is not known whether runs are active", f"{failure.summary}: {failure.detail}"
            ) from failure
        ids = sorted(path.parent.name for path in workspace.glob("runs/*/events"))
    return [run for run in ids if jobs.pull(run, workspace / "runs" / run) in SUPERVISED]
