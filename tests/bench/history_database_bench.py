"""Measures how fast SQLite and PostgreSQL take in metrics, next to plain inserts and to MLflow.

The peers are the same rows by `executemany` of sqlite3 and by COPY of psycopg, without reading any
file; and `log_batch` of MLflow's SQLite store, 1,000 metrics at a time, which is its most, where
MLFLOW_PYTHON names an interpreter that has mlflow with sqlalchemy and alembic. All in one run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from amlplan.history import RunDraft, ServerSettings
from amlplan_state.runs.postgresql.store import PostgresqlHistory
from amlplan_state.runs.store import EventHistory, SqliteHistory
from history_support import line, write
from services.postgresql import Server, running_server

SIZES = [25_000, 50_000, 100_000, 200_000]
ROUNDS = 3
POINTS = 100_000
FROM_A_SCRIPT = 1_000
MLFLOW = """
import sys, time, tempfile, os
from mlflow.entities import Metric
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
points = int(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    store = SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db", folder)
    experiment = store.create_experiment("bench")
    run = store.create_run(experiment, "me", 0, [], "bench").info.run_id
    start = time.perf_counter()
    for first in range(0, points, 1000):
        metrics = [Metric("loss", n / 7, n, n) for n in range(first, first + 1000)]
        store.log_batch(run, metrics, [], [])
    print(time.perf_counter() - start)
"""
SCRIPT = """
import sys, amlplan_run
for point in range(int(sys.argv[1])):
    amlplan_run.log("loss", point / 7, step=point)
"""


def opened(folder: Path, server: Server | None) -> EventHistory:
    if server is None:
        return SqliteHistory(folder)
    return PostgresqlHistory(folder, ServerSettings(folder.name, lambda: server.dsn))


def taken_in(points: int, server: Server | None) -> float:
    """Seconds until the metrics of an event file are in history, the best of some rounds."""
    found = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            store = opened(folder, server)
            run = store.create(RunDraft("bench", "bench")).id
            data = b"".join(
                line(n, "metric", 1e9 + n / 1000, name="loss", value=n / 7, step=n)
                for n in range(points)
            )
            write(folder, run, "host-1-1", data)
            start = time.perf_counter()
            assert store.sync().events == points
            found.append(time.perf_counter() - start)
    return min(found)


def copied(points: int, server: Server) -> float:
    """Seconds for the same rows by COPY, written ready for it."""
    text = "".join(
        f"1\tloss\t1\t{n * 90}\t{1e9 + n!r}\t{1e9 + n!r}\t{n}\tnumber\t{n / 7!r}\t\\N\n"
        for n in range(points)
    ).encode()
    server.query(
        "CREATE TABLE plain (run bigint, name text, file bigint, at bigint, time float8, "
        "moment float8, step bigint, kind text, value float8, text text, "
        "PRIMARY KEY (run, name, file, at))"
    )
    found = []
    for _ in range(ROUNDS):
        server.query("TRUNCATE plain")
        with psycopg.connect(server.dsn) as connection, connection.cursor() as cursor:
            start = time.perf_counter()
            with cursor.copy("COPY plain FROM STDIN") as copy:
                copy.write(text)
            connection.commit()
            found.append(time.perf_counter() - start)
    return min(found)


def by_mlflow(points: int) -> float | None:
    """Seconds for as many metrics in MLflow's SQLite store, None where there is no MLflow."""
    python = os.environ.get("MLFLOW_PYTHON")
    if python is None:
        return None
    done = subprocess.run(
        [python, "-c", MLFLOW, str(points)], check=True, capture_output=True, text=True
    )
    return float(done.stdout.split()[-1])


def from_a_script(server: Server | None) -> float:
    """Seconds from the end of a script that logs to the moment when a reader has its metrics."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = opened(folder, server)
        run = store.create(RunDraft("bench", "bench")).id
        providers = Path(__file__).resolve().parents[2] / "providers"
        environment = {
            "PYTHONPATH": str(providers),
            "AMLPLAN_RUN_ID": run,
            "AMLPLAN_RUN_EVENTS": str(folder / "runs" / run / "events"),
        }
        command = [sys.executable, "-c", SCRIPT, str(FROM_A_SCRIPT)]
        subprocess.run(command, env=environment, check=True)
        start = time.perf_counter()
        store.sync()
        assert store.run(run).metrics["loss"].count == FROM_A_SCRIPT
        return time.perf_counter() - start


def main() -> None:
    with running_server() as server:
        for name, where in (("SQLite", None), ("PostgreSQL", server)):
            for points in SIZES:
                seconds = taken_in(points, where)
                print(f"{name:10} {points:7,}: {seconds:5.2f} s, {points / seconds:9,.0f} a second")
            print(f"{name:10} {FROM_A_SCRIPT:7,} of a script: {from_a_script(where) * 1e3:.0f} ms")
        mine = taken_in(POINTS, server)
        print(f"COPY of the rows of {POINTS:,}: ratio {mine / copied(POINTS, server):.1f}")
    theirs = by_mlflow(POINTS)
    if theirs is not None:
        ratio = theirs / taken_in(POINTS, None)
        print(f"MLflow's SQLite store, {POINTS:,}: {theirs:.1f} s, ratio {ratio:.1f}")


if __name__ == "__main__":
    main()
