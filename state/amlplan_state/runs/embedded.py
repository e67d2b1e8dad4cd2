"""The view over the event files of a workspace in an SQLite database beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_state.runs import complaints, database, rebuilding

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from amlplan.history import Ingested
    from amlplan_state.runs.database import SqliteConnection
    from amlplan_state.runs.layout import Layout


class EmbeddedDatabase:
    """A Database in a file of the workspace's folder."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def reading(self) -> AbstractContextManager[SqliteConnection]:
        """A connection for reading, which waits for nobody."""
        return database.reading(self._layout)

    def writing(self) -> AbstractContextManager[SqliteConnection]:
        """A connection for transactions of one's own."""
        return database.writing(self._layout)

    def is_read_only(self) -> bool:
        """Whether there is a database that this process may only read."""
        return database.is_read_only(self._layout)

    def explained(self) -> AbstractContextManager[None]:
        """Turn failures of the database and of files into HistoryErrors."""
        return complaints.explained(self._layout.history)

    def rebuild(self) -> Ingested:
        """Make the database again from all files."""
        return rebuilding.rebuild(self._layout)
