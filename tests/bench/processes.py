"""Measures commands as processes: wall clock, processor time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parents[2]
AMLPLAN = [sys.executable, "-m", "amlplan"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command took: seconds on the clock, of the processors, and megabytes at the peak."""

    wall: float
    cpu: float
    megabytes: float


def measured(command: list[str], folder: Path, env: dict[str, str], repeats: int = 1) -> Measured:
    """The least that some runs of a command took."""
    runs = [_run(command, folder, env) for _ in range(repeats)]
    return Measured(
        min(run.wall for run in runs),
        min(run.cpu for run in runs),
        min(run.megabytes for run in runs),
    )


def _run(command: list[str], folder: Path, env: dict[str, str]) -> Measured:
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    scale = 1e6 if sys.platform == "darwin" else 1024
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def environment(home: Path) -> dict[str, str]:
    """No world, so that things are free; bytecode may be kept, as for any installed tool."""
    left_out = {"PYTHONDONTWRITEBYTECODE", "TF_CLI_CONFIG_FILE"}
    kept = {key: value for key, value in os.environ.items() if key not in left_out}
    return {
        **kept,
        "PYTHONPATH": str(SOURCES / "tests" / "provider"),
        "XDG_DATA_HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }
