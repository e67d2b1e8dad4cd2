"""What the tests of the history share: runs, event files, and the content of a database."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from amlplan.history import RunDraft, RunSummary, ServerSettings
from amlplan_state.runs.postgresql.store import PostgresqlHistory
from amlplan_state.runs.store import EventHistory, SqliteHistory

DSN = "AMLPLAN_TEST_HISTORY_DSN"
"""The variable that puts histories of tests, and of their processes, into PostgreSQL."""
WORKER = Path(__file__).with_name("integration") / "history" / "worker.py"

_CONTENT = {
    "runs": (
        'SELECT runs.id, own.id, runs.created, runs.moment, runs.file, runs."offset", runs.number,'
        " runs.history, runs.name, runs.workspace, runs.parent, runs.definition, runs.by,"
        " runs.host, runs.status, runs.started, runs.ended, runs.exit_code, runs.reason,"
        " runs.ignored, runs.collected"
        " FROM runs JOIN runs AS own ON own.key = runs.root"
    ),
    "ingested": 'SELECT ingested.file, id, ingested."offset", clock, skipped FROM ingested'
    ' LEFT JOIN runs ON runs.key = run WHERE ingested."offset" > 0',
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
    found = {}
    with opened(folder)._database.reading() as connection:
        for table, query in _CONTENT.items():
            rows: Any = connection.execute(query)
            kept = [at for at, column in enumerate(rows.description) if column[0] != "run"]
            found[table] = sorted(repr([row[at] for at in kept]) for row in rows)
    return found


def counts(folder: Path) -> dict[str, int]:
    return {table: len(rows) for table, rows in content(folder).items()}


def opened(workspace: Path) -> EventHistory:
    """The history of a workspace's folder, in whatever database the test is about."""
    dsn = os.environ.get(DSN)
    if dsn is None:
        return SqliteHistory(workspace)
    return PostgresqlHistory(workspace, ServerSettings(name_of(workspace), lambda: dsn))


def name_of(workspace: Path) -> str:
    """What the workspace of a folder is called in a server."""
    return f"t{hashlib.sha256(str(workspace.resolve()).encode()).hexdigest()[:20]}"


def history(folder: Path) -> EventHistory:
    return opened(folder / "workspace")


def make_run(store: EventHistory, name: str = "train", history: str = "digits") -> RunSummary:
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


def finish(store: EventHistory, run: str, status: str = "Completed", **fields: Any) -> None:
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
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def ended(process: subprocess.Popen[str]) -> str:
    """What a process printed; it has to succeed."""
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return out
