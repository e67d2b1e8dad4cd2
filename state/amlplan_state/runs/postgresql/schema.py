"""The tables of a workspace in a database: made where they are missing, brought up to date."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from amlplan.errors import HistoryError
from amlplan_state.runs.postgresql import failures
from amlplan_state.runs.tables import FORMAT, POSTGRESQL, steps_from

if TYPE_CHECKING:
    import psycopg

PREFIX = "amlplan_"
_FORMAT = "SELECT format, (SELECT key FROM origins WHERE id = %s) FROM meta"


def schema_of(workspace: str) -> str:
    """The schema that has the tables of a workspace; one database may hold several."""
    return f"{PREFIX}{workspace}"


def lock_of(workspace: str) -> int:
    """The number of the lock of whoever writes in the history of a workspace."""
    digest = hashlib.sha256(schema_of(workspace).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def prepare(connection: psycopg.Connection[Any], workspace: str, origin: str) -> int:
    """Turn a connection to the tables of a workspace; gives the key of an origin, or -1.

    Makes the tables or brings them up to date. Raises HistoryError for those of a newer amlplan.
    """
    from psycopg import sql
    from psycopg.errors import UndefinedTable

    schema = sql.Identifier(schema_of(workspace))
    connection.execute(sql.SQL("SET search_path TO {}").format(schema))
    try:
        found = connection.execute(_FORMAT, (origin,)).fetchone()
    except UndefinedTable:
        found = None
    if found is None or found[0] < FORMAT:
        _bring_up_to_date(connection, workspace, schema)
        found = connection.execute(_FORMAT, (origin,)).fetchone()
    if found is None:
        raise HistoryError(
            "The history is damaged",
            f"The table meta of workspace {workspace} in PostgreSQL is empty. Restore the database "
            "from a backup.",
        )
    if found[0] > FORMAT:
        raise failures.newer(workspace, found[0], FORMAT)
    return -1 if found[1] is None else int(found[1])


def _bring_up_to_date(connection: psycopg.Connection[Any], workspace: str, schema: Any) -> None:
    """Take the steps to the format of today, all or none, one process at a time."""
    from psycopg import sql

    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_of(workspace),))
        (is_there,) = connection.execute("SELECT to_regclass('meta') IS NOT NULL").fetchone() or (
            False,
        )
        found = 0
        if is_there:
            (found,) = connection.execute("SELECT format FROM meta").fetchone() or (0,)
        else:
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        for number, statements in steps_from(found, POSTGRESQL):
            connection.execute(statements.encode())
            connection.execute("DELETE FROM meta")
            connection.execute("INSERT INTO meta VALUES (%s)", (number,))
