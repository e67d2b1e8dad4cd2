"""The history of one workspace in PostgreSQL, which several hosts share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_state.runs.layout import Layout
from amlplan_state.runs.postgresql.database import ServerDatabase
from amlplan_state.runs.store import EventHistory

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.history import ServerSettings


class PostgresqlHistory(EventHistory):
    """A History. `folder` has the runs of this host; connects on use, not before."""

    shows_runs_first = True

    def __init__(self, folder: Path, settings: ServerSettings) -> None:
        layout = Layout(folder.resolve(), settings.logs)
        super().__init__(layout, ServerDatabase(layout, settings))
