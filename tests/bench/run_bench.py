"""Time from submitting a run to its last status, against the bare command, in the same run.

The script is `python -c pass`, so that what is measured is what supervising costs: the supervisor,
the guard, the script itself, and collecting nothing. Medians; prints a table in Markdown.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from amlplan.abilities import Job
from amlplan_local.jobs import LocalJobs

REPEATS = 20
COMMAND = (sys.executable, "-c", "pass")


def bare() -> float:
    started = time.perf_counter()
    subprocess.run(COMMAND, check=True)
    return time.perf_counter() - started


def supervised(jobs: LocalJobs, base: Path, number: int) -> tuple[float, float]:
    """Seconds until it was taken over, and until it had ended."""
    folder = base / "runs" / f"r{number}"
    (folder / "events").mkdir(parents=True)
    (folder / "work" / "outputs").mkdir(parents=True)
    started = time.perf_counter()
    jobs.submit(Job(f"r{number}", folder, base / "store", COMMAND))
    taken = time.perf_counter() - started
    while jobs.pull(f"r{number}", folder) == "running":
        time.sleep(0.001)
    return taken, time.perf_counter() - started


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        jobs = LocalJobs(Path(name) / "cache")
        supervised(jobs, Path(name), REPEATS)
        times = [(bare(), *supervised(jobs, Path(name), number)) for number in range(REPEATS)]
        time.sleep(0.2)  # the last supervisor removes its working folder
    command, taken, ended = (statistics.median(column) for column in zip(*times, strict=True))
    print("| `python -c pass` | median | more than bare | ratio to bare |")
    print("|---|---|---|---|")
    print(f"| bare command | {command * 1000:.0f} ms | | |")
    for label, seconds in (("submitted", taken), ("submitted and ended", ended)):
        more, ratio = (seconds - command) * 1000, seconds / command
        print(f"| {label} | {seconds * 1000:.0f} ms | {more:.0f} ms | {ratio:.1f} |")


if __name__ == "__main__":
    main()
