"""The runs that are on a target now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import HistoryError, ProviderError

if TYPE_CHECKING:
    from amlplan.provider import ProviderContext
    from amlplan_local.jobs import LocalJobs
    from amlplan_schemas.state import Record


def active_runs(
    target: str, workspace: Record | None, jobs: LocalJobs, context: ProviderContext
) -> list[str]:
    """The ids of runs of a workspace that a supervisor looks after on a target, by its address.

    Raises ProviderError where the workspace's history cannot be read.
    """
    path = None if workspace is None else workspace.outputs.values.get("path")
    folder = Path(str(path))
    if path is None or not (folder / "history").is_dir():
        return []
    try:
        history = context.open_history(folder)
        history.sync()
        unfinished = [run.id for run in history.unfinished() if run.parent is None]
        mine = [run for run in unfinished if history.run(run).definition.get("target") == target]
    except HistoryError as failure:
        raise ProviderError(
            "It is not known whether runs are active", f"{failure.summary}: {failure.detail}"
        ) from failure
    return [run for run in mine if jobs.pull(run, folder / "runs" / run) == "running"]
