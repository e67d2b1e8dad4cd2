"""Measures recording and the history: next to print, and next to sqlite3 with the same rows."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.history import RunDraft
from amlplan_state.runs.store import SqliteHistory

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGES = Path(__file__).resolve().parents[2] / "providers"
POINTS = 100_000
ROUNDS = 3
CALLS = """
import time, sys, amlplan_run
amlplan_run.log("first", 0)
with open(sys.argv[1], "w") as file:
    best = {}
    for _ in range(5):
        start = time.perf_counter()
        for point in range(1000):
            amlplan_run.log("loss", point / 7, step=point)
        logged = time.perf_counter()
        for point in range(1000):
            print("loss", point / 7, point, file=file, flush=True)
        printed = time.perf_counter()
        best["log"] = min(best.get("log", 9), logged - start)
        best["print"] = min(best.get("print", 9), printed - logged)
print(best["log"], best["print"])
"""
IMPORT = """
import time
start = time.perf_counter()
import amlplan_run
mine = time.perf_counter() - start
print(mine)
"""


def best(measured: Callable[[Path], float]) -> float:
    """The least seconds of some rounds, each in a folder of its own."""
    seconds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            seconds.append(measured(Path(folder)))
    return min(seconds)


def with_events(folder: Path) -> SqliteHistory:
    store = SqliteHistory(folder)
    run = store.create(RunDraft("bench", "bench"))
    lines = [
        {"n": n, "t": 1e9 + n / 1000, "type": "metric", "name": "loss", "value": n / 7, "step": n}
        for n in range(POINTS)
    ]
    path = folder / "runs" / run.id / "events" / "host-1-1.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in lines))
    return store


def taken_in(folder: Path) -> float:
    store = with_events(folder)
    start = time.perf_counter()
    assert store.sync().events == POINTS
    return time.perf_counter() - start


def made_again(folder: Path) -> float:
    store = with_events(folder)
    store.sync()
    start = time.perf_counter()
    store.rebuild()
    return time.perf_counter() - start


def inserted(folder: Path) -> float:
    """The same rows by plain sqlite3, from values that are there already."""
    rows = [(1, "loss", 1, n * 90, 1e9 + n / 1000, n, "number", n / 7, None) for n in range(POINTS)]
    connection = sqlite3.connect(folder / "plain.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE metrics (run, name, file, offset, time, step, kind, value, text, "
        "PRIMARY KEY (run, name, file, offset)) WITHOUT ROWID"
    )
    start = time.perf_counter()
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def in_a_script(code: str, *arguments: str) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPATH": str(PACKAGES),
            "AMLPLAN_RUN_ID": "bench_1_00000000",
            "AMLPLAN_RUN_EVENTS": folder,
        }
        command = [sys.executable, "-c", code, *(f"{folder}/{name}" for name in arguments)]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return [float(word) for word in done.stdout.split()]


def main() -> None:
    peer = best(inserted)
    for name, measured in (("sync", taken_in), ("rebuild", made_again)):
        seconds = best(measured)
        print(
            f"{name:8} {POINTS} metrics: {seconds:.2f} s, {POINTS / seconds:,.0f} a second; "
            f"sqlite3 executemany of the rows {peer:.2f} s, ratio {seconds / peer:.1f}"
        )
    logged, printed = in_a_script(CALLS, "printed.txt")
    print(
        f"1000 amlplan_run.log: {logged * 1e3:.1f} ms; "
        f"1000 print(flush=True) to a file: {printed * 1e3:.1f} ms, ratio {logged / printed:.1f}"
    )
    imported = min(in_a_script(IMPORT)[0] for _ in range(5))
    print(f"import amlplan_run: {imported * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
