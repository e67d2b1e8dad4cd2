"""Connects to the server; says why that fails without a word of the connection string.

What the client library says is not shown: where a password was not quoted, it takes a part of it
for the name of a host, and tells it.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from amlplan.errors import HistoryError
from amlplan_state.runs.database import BUSY_SECONDS

if TYPE_CHECKING:
    import psycopg

_SECONDS = 10
"""How long a server may take to answer, where the connection string says nothing else."""
_OLDEST = 120000
_SESSION = (
    "SET client_min_messages TO warning; SET lock_timeout TO '60s'; "
    "SET idle_in_transaction_session_timeout TO '10min'; SET tcp_keepalives_idle TO 60; "
    # A power loss of the server loses nothing: all comes from files, with how far they were read.
    "SET synchronous_commit TO off"
)
_PASSING = ("too many clients", "remaining connection slots", "starting up", "too many connections")
_REASONS = {
    "refused": "no server listens there. Start it, or correct host and port.",
    "No such file": "no server listens there. Start it, or correct host and port.",
    "resolve host": "the name of its host is not known here. Correct the host.",
    "timeout": "the server did not answer in time. See whether it runs and may be reached.",
    "authentication failed": "the server refused the user or the password. Correct them.",
    "no password supplied": "the server asks for a password. Give one in the dsn.",
    "pg_hba.conf": "the server lets nobody in from here as this user. Change its pg_hba.conf.",
    "database": "there is no such database, or this user may not use it. Make it with: createdb",
    "too many": "the server has no connection left. Raise its max_connections.",
    "remaining connection slots": "the server has no connection left. Raise its max_connections.",
    "starting up": "the server is still starting.",
    "shutting down": "the server is shutting down.",
    "SSL": "the encryption that was asked for cannot be had. See sslmode and the certificates.",
    "certificate": "the encryption that was asked for cannot be had. See sslmode.",
}
_NO_REASON = "the server could not be reached. See whether it runs, and what its log says."


def _load() -> None:
    """Import the client library; raises HistoryError where it is not installed."""
    try:
        import psycopg  # noqa: F401
    except ImportError as failure:
        raise HistoryError(
            "A package is missing",
            "A history in PostgreSQL needs psycopg, which is not installed or cannot be loaded. "
            "Install it with: pip install 'amlplan[postgresql]'",
        ) from failure


def connect(dsn: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection where each statement is a transaction; raises HistoryError.

    Blocks while the server starts, or has no connection left, up to a minute.
    """
    _load()
    import psycopg

    options = _options(dsn)
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            made = psycopg.connect(dsn, autocommit=True, client_encoding="UTF8", **options)
            break
        except psycopg.Error as failure:
            text = str(failure)
        except (UnicodeError, ValueError):
            raise _no_dsn() from None
        if time.monotonic() >= deadline or not any(word in text for word in _PASSING):
            raise unreachable(text)
        time.sleep(random.uniform(0.05, 0.3))  # noqa: S311 - that many do not come at once again
    _check(made)
    made.execute(_SESSION)
    return made


def unreachable(text: str) -> HistoryError:
    """The server did not let us in, or left; `text` is what the library says, and stays here."""
    why = next((why for word, why in _REASONS.items() if word in text), _NO_REASON)
    return HistoryError(
        "The history database cannot be reached",
        f"The PostgreSQL server that dsn names: {why} What runs recorded is in their event files, "
        "and is taken in when the server is back.",
    )


def _options(dsn: str) -> dict[str, Any]:
    """What is added to the connection string where it does not say it."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        given = conninfo_to_dict(dsn)
    except (ProgrammingError, UnicodeError, ValueError):
        raise _no_dsn() from None
    own = {"connect_timeout": _SECONDS, "application_name": "amlplan"}
    return {name: value for name, value in own.items() if name not in given}


def _no_dsn() -> HistoryError:
    return HistoryError(
        "The dsn is no connection string",
        "What the secret of dsn holds cannot be read as one. Write it as in "
        "postgresql://USER:PASSWORD@HOST/DATABASE, with %40 for an @ in the password, or as in "
        "host=HOST dbname=DATABASE user=USER.",
    )


def _check(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Raise HistoryError for a server that cannot keep a history; closes the connection then."""
    version, encoding = (
        connection.info.server_version,
        connection.info.parameter_status("server_encoding"),
    )
    if version < _OLDEST:
        connection.close()
        raise HistoryError(
            "The PostgreSQL server is too old",
            f"It has version {version // 10000}; a history needs {_OLDEST // 10000} or newer.",
        )
    if encoding != "UTF8":
        connection.close()
        raise HistoryError(
            "The history database has the wrong encoding",
            f"It keeps text in {encoding}, which does not know every character. Make one with: "
            "createdb --encoding=UTF8 --template=template0 DATABASE",
        )
