"""What to tell somebody whose history in PostgreSQL cannot be used."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amlplan.errors import HistoryError
from amlplan_state.runs import complaints
from amlplan_state.runs.complaints import NoRightToWriteError
from amlplan_state.runs.postgresql.connecting import unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

_NO_RIGHT = {"42501", "25006"}
"""No privilege; a server that only follows another."""
_DAMAGED = "a {} is missing that amlplan made. Restore the database from a backup."
_SENTENCES = {
    "53100": (
        "No space left",
        (
            "the disk of the server is full. Free some space there, then try again; what the runs "
            "recorded is in their event files."
        ),
    ),
    "53200": ("The history cannot be used", "the server is out of memory. Try again."),
    "55P03": (
        "The history is busy",
        (
            "another process was writing it for a long time, as a rebuild of a long history may. "
            "Try again; see who it is in pg_locks and pg_stat_activity."
        ),
    ),
    "40P01": ("The history is busy", "two processes waited for each other. Try again."),
    "57014": (
        "The history is busy",
        (
            "the server ended a statement that took longer than it allows. See its "
            "statement_timeout, then try again."
        ),
    ),
    "42P01": ("The history is damaged", _DAMAGED.format("table")),
    "42703": ("The history is damaged", _DAMAGED.format("column")),
}
_LOST = ("08", "57P")
"""The beginning of the codes of a connection that was ended."""


@contextmanager
def explained(workspace: str, folder: Path) -> Iterator[None]:
    """Turn failures of the server and of files into HistoryErrors, without what the server saw."""
    try:
        yield
    except OSError as failure:
        raise complaints.of_file(folder, failure) from failure
    except Exception as failure:
        psycopg = sys.modules.get("psycopg")  # who did not import it got nothing from it
        if psycopg is None or not isinstance(failure, psycopg.Error):
            raise
        raise of_server(workspace, failure) from None


def of_server(workspace: str, failure: psycopg.Error) -> HistoryError:
    """Why a statement failed."""
    code = failure.sqlstate
    if code is None or code.startswith(_LOST):
        return unreachable("" if code is None else "shutting down")
    where = f"The history of workspace {workspace} in PostgreSQL"
    if code in _NO_RIGHT:
        return NoRightToWriteError(
            "No right to use the history",
            f"{where}: the user that dsn names may not do this: "
            f"{failure.diag.message_primary}. Let whoever owns the database give it the right.",
        )
    other = f"the server says {failure.diag.message_primary} (SQLSTATE {code}). See its log."
    summary, sentence = _SENTENCES.get(code, ("The history cannot be used", other))
    return HistoryError(summary, f"{where}: {sentence}")


def newer(workspace: str, found: int, known: int) -> HistoryError:
    """A newer amlplan made the tables, or brought them up to date."""
    return HistoryError(
        "The history was written by a newer amlplan",
        f"The history of workspace {workspace} in PostgreSQL is a history database of a newer "
        f"version: it has format {found}, and this amlplan knows up to format {known}. Use the "
        "newer amlplan, as in: pip install --upgrade amlplan",
    )
