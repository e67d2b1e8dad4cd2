"""The history of one workspace: event files in its folder, and a database that shows them."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from amlplan.errors import HistoryError
from amlplan_state.filesystems import current_mounts, network_type_of
from amlplan_state.runs import complaints, ingesting, overviews, queries, selecting
from amlplan_state.runs.appending import append
from amlplan_state.runs.creating import check_history, new_id, next_number, write_first_event
from amlplan_state.runs.database import BUSY_SECONDS, make_folder
from amlplan_state.runs.embedded import EmbeddedDatabase
from amlplan_state.runs.layout import EDGES, Layout
from amlplan_state.runs.locks import held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any, Literal

    from amlplan.history import (
        Edge,
        Ingested,
        Point,
        Recorded,
        RunDetail,
        RunDraft,
        RunOverview,
        RunSummary,
        SelectedRun,
        Selection,
    )
    from amlplan_state.runs.connection import Database


class EventHistory:
    """A History over the event files in a workspace's folder and any database."""

    shows_runs_first = False
    """Whether a run has to be in the database before it is submitted, for others to see it."""

    def __init__(self, layout: Layout, database: Database) -> None:
        self._layout = layout
        self._database = database

    def create(self, draft: RunDraft) -> RunSummary:
        """Give a run its id and number and write its first event; see RecordsRuns."""
        check_history(draft.history)
        self._make_complete()
        run_id = new_id(draft.history, time.time())
        with self._changing():
            with self._database.writing() as connection:
                number = next_number(connection, draft.history)
            made = write_first_event(self._layout, run_id, number, draft)
            file = f"{run_id}/{self._layout.control(run_id).name}"
            if self.shows_runs_first:
                self._take(file)
            else:
                self._show(file)
        return made

    def append_control(self, run_id: str, event: Mapping[str, Any]) -> None:
        """Append an event of the command line; see RecordsRuns."""
        with self._changing():
            root = self._layout.root_of(run_id)
            if root is None:
                raise complaints.no_folder(run_id, is_shared=self.shows_runs_first)
            of_child = {} if root == run_id else {"run": run_id}
            path = self._layout.control(root)
            try:
                append(path, {**of_child, **event})
            except FileNotFoundError:  # it was removed meanwhile
                raise complaints.no_folder(run_id, is_shared=self.shows_runs_first) from None
            self._show(f"{root}/{path.name}")

    def sync(
        self, run_id: str | None = None, *, wait: bool = False, timeout: float = 60.0
    ) -> Ingested:
        """Take in what was recorded since; see TakesEvents."""
        return ingesting.sync(self._database, self._layout, run_id, wait=wait, timeout=timeout)

    def rebuild(self) -> Ingested:
        """Make the database again from all files; see TakesEvents."""
        return self._database.rebuild()

    def histories(self) -> Mapping[str, int]:
        """The histories, with how many runs each has."""
        with self._database.reading() as connection:
            return queries.histories(connection)

    def runs(
        self, history: str | None = None, *, status: str | None = None, limit: int | None = None
    ) -> list[RunSummary]:
        """The runs, the newest first, without children."""
        with self._database.reading() as connection:
            return queries.runs(connection, history, status, limit)

    def run(self, reference: str, *, history: str | None = None) -> RunDetail:
        """One run, by id, beginning of an id, number, or `latest`; see ReadsRuns."""
        with self._database.reading() as connection:
            return queries.detail(connection, queries.resolve(connection, reference, history))

    def series(self, run_id: str, name: str) -> list[Point]:
        """The values of a metric in the order of their recording."""
        with self._database.reading() as connection:
            return queries.series(connection, run_id, name)

    def records(self, run_id: str, kind: str | None = None) -> list[Recorded]:
        """What was recorded other than metrics, tags and properties."""
        with self._database.reading() as connection:
            return queries.records(connection, run_id, kind)

    def overviews(
        self,
        history: str | None = None,
        *,
        status: str | None = None,
        with_children: bool = False,
    ) -> list[RunOverview]:
        """The runs with what they are compared by; see SurveysRuns."""
        with self._database.reading() as connection:
            return overviews.overviews(connection, history, status, with_children=with_children)

    def select(self, selection: Selection) -> SelectedRun | None:
        """The run that a selection asks for; see FindsRuns."""
        with self._database.reading() as connection:
            return selecting.select(connection, selection)

    def unfinished(self) -> list[RunSummary]:
        """The runs and children without a last status, the oldest first."""
        with self._database.reading() as connection:
            return queries.unfinished(connection)

    def add_edge(self, source: str, relation: str, target: str) -> None:
        """Record that the target came from the source; see TracesLineage."""
        edge = {"type": "edge", "source": source, "relation": relation, "target": target}
        with self._changing():
            append(self._layout.edges, edge)
            self._show(EDGES)

    def lineage(self, node: str, direction: Literal["up", "down"]) -> list[Edge]:
        """All edges on the ways from a node in one direction."""
        with self._database.reading() as connection:
            return queries.lineage(connection, node, direction)

    def _make_complete(self) -> None:
        """Take in all runs where the database is a new one, so that it knows their numbers."""
        with self._database.reading() as connection:
            query = "SELECT complete FROM origins WHERE key = ?"
            found = connection.execute(query, (connection.origin,)).fetchone()
        if found is None or not found[0]:
            self.sync(wait=True)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Keep a rebuild from putting a database in place that lacks what is being written."""
        layout = self._layout
        with self._database.explained():
            make_folder(layout)
            with held(layout.write_lock, timeout=BUSY_SECONDS, shared=True):
                yield

    def _show(self, file: str) -> None:
        """Take in a file at once; where that fails, a later sync does it."""
        with suppress(HistoryError):
            self._take(file)

    def _take(self, file: str) -> None:
        with self._database.writing() as connection:
            ingesting.take_file(connection, self._layout, file)


class SqliteHistory(EventHistory):
    """A History in SQLite. Raises HistoryError where the workspace's folder is on a network."""

    def __init__(self, folder: Path) -> None:
        layout = Layout(folder.resolve())
        kind = network_type_of(layout.folder, current_mounts())
        if kind is not None:
            raise complaints.on_network(layout.folder, kind)
        super().__init__(layout, EmbeddedDatabase(layout))
