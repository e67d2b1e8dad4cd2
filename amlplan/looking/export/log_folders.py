"""Writes runs into folders as TensorBoard expects them: one folder for each run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amlplan.files import failure_at, make_folder
from amlplan.looking.export.tensorboard import event_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from amlplan.history import History, Point, RunDetail

_ODD = re.compile(r"[^A-Za-z0-9._-]")


def write_log_folders(history: History, runs: Iterable[RunDetail], folder: Path) -> list[Path]:
    """Write an event file for each run; gives their paths. Written again, it is replaced.

    Blocks. Raises ProviderError where the folder cannot be written.
    """
    return [_write(history, run, folder) for run in runs]


def _write(history: History, run: RunDetail, folder: Path) -> Path:
    summary = run.summary
    place = folder / _ODD.sub("_", summary.id)
    # One name for each run, so that exporting again replaces the file, and adds no values twice.
    path = place / f"events.out.tfevents.{int(summary.created)}.amlplan"
    part = place / ".part"
    make_folder(place)
    try:
        with part.open("wb") as file:
            file.writelines(event_file(summary.created, _series(history, run), _texts(run)))
        part.replace(path)
    except OSError as failure:
        raise failure_at(path, "written", failure) from failure
    finally:
        part.unlink(missing_ok=True)
    return path


def _series(history: History, run: RunDetail) -> Iterator[tuple[str, Iterable[Point]]]:
    for name in run.metrics:
        yield name, history.series(run.summary.id, name)


def _texts(run: RunDetail) -> Iterator[tuple[str, str]]:
    """What the run was, as tables of Markdown."""
    for title, rows in (("parameters", run.parameters), ("tags", run.tags)):
        if rows:
            lines = [f"| {_cell(name)} | {_cell(value or '')} |" for name, value in rows.items()]
            yield title, "\n".join(["| name | value |", "| --- | --- |", *lines])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
