"""The view over the event files of a workspace in PostgreSQL."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amlplan.history import Ingested
from amlplan_state.runs.database import make_folder
from amlplan_state.runs.ingesting import read
from amlplan_state.runs.locks import held
from amlplan_state.runs.postgresql.connecting import connect
from amlplan_state.runs.postgresql.failures import explained
from amlplan_state.runs.postgresql.origin import origin_of
from amlplan_state.runs.postgresql.schema import lock_of, prepare
from amlplan_state.runs.postgresql.statements import ServerConnection
from amlplan_state.runs.rebuilding import REBUILD_SECONDS
from amlplan_state.runs.taking import forget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from amlplan.history import ServerSettings
    from amlplan_state.runs.layout import Layout

_ORIGIN = """
INSERT INTO origins (id, host) VALUES (?, ?)
ON CONFLICT (id) DO UPDATE SET host = excluded.host RETURNING key
"""


class ServerDatabase:
    """A Database of several folders of runs, each of which takes in its own event files.

    A connection lives for one operation, so that a server that was started again is no matter.
    """

    def __init__(self, layout: Layout, settings: ServerSettings) -> None:
        self._layout = layout
        self._settings = settings

    @contextmanager
    def reading(self) -> Iterator[ServerConnection]:
        """A connection for reading, which waits for nobody."""
        with self.explained(), connect(self._settings.dsn()) as raw:
            origin = prepare(raw, self._settings.workspace, origin_of(self._layout))
            yield ServerConnection(raw, lock_of(self._settings.workspace), origin)

    @contextmanager
    def writing(self) -> Iterator[ServerConnection]:
        """A connection for transactions of one's own."""
        with self.reading() as connection:
            if connection.origin < 0:
                values = (origin_of(self._layout), socket.gethostname())
                connection.origin = connection.execute(_ORIGIN, values).fetchone()[0]
            yield connection

    def is_read_only(self) -> bool:
        """Whether this process may take in nothing, because its own files may only be read."""
        layout = self._layout
        folder = layout.history if layout.history.exists() else layout.folder
        return folder.exists() and not os.access(folder, os.W_OK)

    def explained(self) -> AbstractContextManager[None]:
        """Turn failures of the server and of files into HistoryErrors."""
        return explained(self._settings.workspace, self._layout.history)

    def rebuild(self) -> Ingested:
        """Take in the event files of this folder again, in one transaction; others' stay as is."""
        layout = self._layout
        with self.explained():
            make_folder(layout)
            with (
                held(layout.ingest_lock, timeout=REBUILD_SECONDS),
                self.writing() as connection,
                connection.transaction(),
            ):
                own = (connection.origin,)
                forget(connection, "SELECT key FROM runs WHERE origin = ?", own)
                connection.execute("DELETE FROM ingested WHERE origin = ?", own)
                others = connection.execute("SELECT id FROM runs WHERE key = root").fetchall()
                known = {row[0] for row in others}
                due = [root for root in layout.roots() if root not in known]
                taken = read(connection, layout, due)
                connection.execute("UPDATE origins SET complete = 1 WHERE key = ?", own)
        return Ingested(taken.events, taken.skipped)
