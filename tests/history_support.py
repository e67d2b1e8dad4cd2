"""What the tests of the history share: runs, event files, and the content of a database."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from amlplan.history import RunDraft, RunSummary
from amlplan_state.runs.store import SqliteHistory

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
WORKER = Path(__file__).with_name("integration") / "history" / "worker.py"

_CONTENT = {
    "runs": (
        "SELECT runs.id, own.id, runs.created, runs.moment, runs.file, runs.offset, runs.number,"
        " runs.history, runs.name, runs.workspace, runs.parent, runs.definition, runs.by,"
        " runs.host, runs.status, runs.started, runs.ended, runs.exit_code, runs.reason,"
        " runs.ignored, runs.collected"
        " FROM runs JOIN runs AS own ON own.key = runs.root"
    ),
    "ingested": "SELECT ingested.file, id, ingested.offset, clock, skipped FROM ingested"
    " LEFT JOIN runs ON runs.key = run WHERE ingested.offset > 0",
    **{
        table: f"SELECT ingested.file, {table}.offset, id, {columns} FROM {table}"
        f" JOIN ingested ON ingested.key = {table}.file JOIN runs ON runs.key = {table}.run"
        for table, columns in {
            "metrics": "metrics.name, time, metrics.moment, step, kind, value, text",
            "records": "records.name, time, records.moment, kind, data",
            "statuses": "time, statuses.moment, statuses.status, statuses.reason,"
            " statuses.exit_code, attempt",
        }.items()
    },
    **{
        table: f"SELECT id, {table}.* FROM {table} JOIN runs ON runs.key = {table}.run"
        for table in ("latest", "tags", "properties", "parameters", "outputs")
    },
    "edges": "SELECT * FROM edges",
}


def content(folder: Path) -> dict[str, list[str]]:
    """All that a database says, whatever order it was taken in; numbers of rows left out."""
    connection = sqlite3.connect(folder / "history" / "history.sqlite", timeout=60)
    connection.row_factory = sqlite3.Row
    try:
        found = {}
        for table, query in _CONTENT.items():
            rows = connection.execute(query).fetchall()
            shown = [[row[key] for key in row.keys() if key != "run"] for row in rows]  # noqa: SIM118
            found[table] = sorted(map(repr, shown))
        return found
    finally:
        connection.close()


def counts(folder: Path) -> dict[str, int]:
    return {table: len(rows) for table, rows in content(folder).items()}


def history(folder: Path) -> SqliteHistory:
    return SqliteHistory(folder / "workspace")


def make_run(store: SqliteHistory, name: str = "train", history: str = "digits") -> RunSummary:
    return store.create(RunDraft(history, name))


def line(number: int, kind: str, moment: float, /, **fields: Any) -> bytes:
    event = {"n": number, "t": moment, "type": kind, **fields}
    return json.dumps(event).encode() + b"\n"


def write(folder: Path, run: str, file: str, data: bytes) -> Path:
    """Append bytes to an event file of a run."""
    path = folder / "runs" / run / "events" / f"{file}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as opened:
        opened.write(data)
    return path


def finish(store: SqliteHistory, run: str, status: str = "Completed", **fields: Any) -> None:
    """Let a run run and end."""
    store.append_control(run, {"type": "status", "status": "Running"})
    store.append_control(run, {"type": "status", "status": status, **fields})


def worker(*arguments: object) -> subprocess.Popen[str]:
    """Another process that uses the history; see integration/history/worker.py."""
    return subprocess.Popen(
        [sys.executable, str(WORKER), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


def ended(process: subprocess.Popen[str]) -> str:
    """What a process printed; it has to succeed."""
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return out
