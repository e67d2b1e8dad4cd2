"""A process of its own that uses a history: python worker.py COMMAND FOLDER ARGUMENTS."""

from __future__ import annotations

import sys
from pathlib import Path

from amlplan.history import RunDraft
from history_support import opened


def sync_until_ended(folder: Path) -> None:
    """Take in events, again and again, until somebody writes on standard input."""
    store = opened(folder)
    print("ready", flush=True)
    while not (folder / "stop").exists():
        store.sync()
    store.sync(wait=True)


def read_until_ended(folder: Path) -> None:
    """Look at everything, again and again; what was there once stays there."""
    store = opened(folder)
    print("ready", flush=True)
    last = 0
    while not (folder / "stop").exists():
        runs = store.runs()
        total = sum(metric.count for run in runs for metric in store.run(run.id).metrics.values())
        assert total >= last, (total, last)
        last = total


def create(folder: Path, count: str) -> None:
    """Create runs, and print each id and number when it is durable."""
    store = opened(folder)
    for number in range(int(count)):
        made = store.create(RunDraft("digits", f"run {number}"))
        print(made.id, made.number, flush=True)


def sync(folder: Path) -> None:
    """Take in events once."""
    opened(folder).sync(wait=True)


def rebuild(folder: Path) -> None:
    """Make the database again."""
    opened(folder).rebuild()


def rebuild_until_ended(folder: Path) -> None:
    """Make the database again, and again."""
    store = opened(folder)
    while not (folder / "stop").exists():
        store.rebuild()


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
