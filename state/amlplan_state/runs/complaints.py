"""What to tell somebody whose history cannot be used: what is wrong, why, and what to do."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amlplan.errors import HistoryError
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REBUILD = (
    "Nothing is lost: it is only a view over the event files of the runs. Make it again with: "
    "amlplan history rebuild"
)
_SENTENCES = {
    "SQLITE_FULL": (
        "No space left",
        (
            "the disk is full. Free some space there, then try again; what the runs recorded is in "
            "their event files."
        ),
    ),
    "SQLITE_READONLY": (
        "The history cannot be written",
        (
            "it or its folder is read-only. Give this user the right to write there, or copy the "
            "workspace's folder to where it can be written, then try again."
        ),
    ),
    "SQLITE_CANTOPEN": (
        "The history cannot be opened",
        "{why}. See who may use the file and its folder, then try again.",
    ),
    "SQLITE_IOERR": (
        "The history cannot be used",
        (
            "{why}. See whether there is space left and whether the disk is in order, then try "
            "again; what the runs recorded is in their event files."
        ),
    ),
    "SQLITE_BUSY": (
        "The history is busy",
        (
            "another process was writing it for a long time. See what that process does, then try "
            "again."
        ),
    ),
}
_SHOWN = 60
FITTING = 3
"""Runs that are told where a name fits several."""
_DAMAGED = ("The history is damaged", "{why}. {rebuild}")


class OutdatedError(HistoryError):
    """The database is so old that it is made again rather than brought up to date."""


class NoRightToWriteError(HistoryError):
    """The database lets this user look at it only."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn failures of the database and of files into HistoryErrors."""
    try:
        yield
    except sqlite3.Error as failure:
        raise of_database(path, failure) from failure
    except OSError as failure:
        raise of_file(path, failure) from failure


def of_database(path: Path, failure: sqlite3.Error) -> HistoryError:
    """Why the database failed."""
    name = getattr(failure, "sqlite_errorname", "") or ""
    base = "_".join(name.split("_")[:2])
    summary, sentence = _SENTENCES.get(base, _DAMAGED)
    return HistoryError(summary, f"{path}: {sentence.format(why=failure, rebuild=REBUILD)}")


def of_file(path: Path, failure: OSError) -> HistoryError:
    """Why a file of the history or of a run could not be used."""
    where = failure.filename or path
    return HistoryError(
        "A file of the history cannot be used",
        f"{where}: {failure.strerror or failure}. See who may use it and whether there is space "
        "left, then try again.",
    )


def damaged(path: Path, why: str) -> HistoryError:
    """The database is there and is not ours, or not whole."""
    return HistoryError("The history is damaged", f"{path} {why}. {REBUILD}")


def older(path: Path, found: int, known: int) -> OutdatedError:
    """An older amlplan made the database."""
    return OutdatedError(
        "The history was written by an older amlplan",
        f"{path} has format {found}; this amlplan keeps format {known}. {REBUILD}",
    )


def newer(path: Path, found: int, known: int) -> HistoryError:
    """A newer amlplan made the database."""
    return HistoryError(
        "The history was written by a newer amlplan",
        f"{path} has format {found}; this amlplan reads up to format {known}. Use the newer "
        "amlplan, as in: pip install --upgrade amlplan. Or make it again with this one from the "
        "event files, which are left as they are: amlplan history rebuild",
    )


def on_network(folder: Path, kind: str) -> HistoryError:
    """The workspace is where SQLite cannot keep its promises."""
    return HistoryError(
        "The history is on a network file system",
        f"{folder} is on {kind}, where several machines can damage an SQLite database. Set path of "
        "the workspace to a folder on a local disk.",
    )


def locked(path: Path, timeout: float) -> HistoryError:
    """Somebody held a lock for longer than we wait."""
    return HistoryError(
        "The history is busy",
        f"Another process held {path} for more than {timeout:g} s, as a rebuild of a long history "
        "may. The lock goes by itself with its process; wait for it, then try again.",
    )


def no_run(reference: str, history: str | None, ids: list[str]) -> HistoryError:
    """A reference fits no run, of these ids."""
    where = f" in history {history}" if history is not None else ""
    if not ids:
        return HistoryError(
            "No such run",
            f"There is no run{where}. Start one with amlplan run, or see which histories there "
            "are: amlplan history list",
        )
    return HistoryError(
        "No such run",
        f"No run{where} is named {reference}.{suggestion(reference, ids)} Name one by its id, the "
        "beginning of it, its number, or latest; list them with: amlplan runs list",
    )


def bad_history(name: str) -> HistoryError:
    """A run is to be created in a history that may not be called so."""
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
    return HistoryError(
        "A history may not have this name",
        f"{shown!a} is no name of a history: that is 1 to 255 letters, digits, _ and - of "
        "ASCII, the first a letter or a digit, as in Azure ML. Give the run a history of another "
        "name.",
    )


def several_runs(reference: str, ids: list[str]) -> HistoryError:
    """A reference fits more than one run."""
    return HistoryError(
        "Several runs have this name",
        f"{reference} fits {', '.join(ids[:FITTING])}{' and more' if len(ids) > FITTING else ''}. "
        "Give more of the id, or name the history too.",
    )


def no_folder(run_id: str, *, is_shared: bool = False) -> HistoryError:
    """Something is to be recorded for a run that has no folder, or has it on another host."""
    elsewhere = " One of another host takes it there." if is_shared else ""
    return HistoryError(
        "No such run",
        f"There is no folder of run {run_id}, so nothing can be recorded for it.{elsewhere} List "
        "the runs with: amlplan runs list",
    )
