"""Time of runs against the bare script, in the same run: whole commands, and supervising alone.

The script does nothing, so that what is measured is amlplan: reading the configuration, snapshot,
history, supervisor, guard, collecting nothing. One interpreter runs the script on both sides.
Medians; prints tables in Markdown.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.abilities import Job
from amlplan_local.jobs import LocalJobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REPEATS = 10
PYTHON = str(getattr(sys, "_base_executable", sys.executable))
"""The interpreter itself: `python` on the PATH may be a script that looks for one."""
COMMAND = (PYTHON, "x.py")
CONFIGURATION = f"""
workspace "bench" {{}}
compute "local" "here" {{}}
environment "mine" {{
  user_managed = true
  interpreter  = "{PYTHON}"
}}
run_config "named" {{
  script      = "x.py"
  target      = compute.here
  environment = environment.mine
}}
"""


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def supervised(jobs: LocalJobs, base: Path, number: int) -> tuple[float, float]:
    """Seconds until it was taken over, and until it had ended."""
    folder = base / "runs" / f"r{number}"
    (folder / "events").mkdir(parents=True)
    (folder / "work" / "outputs").mkdir(parents=True)
    (folder / "work" / "x.py").touch()
    started = time.perf_counter()
    jobs.submit(Job(f"r{number}", folder, base / "store", COMMAND))
    taken = time.perf_counter() - started
    while jobs.pull(f"r{number}", folder) == "running":
        time.sleep(0.001)
    return taken, time.perf_counter() - started


def environment_in(base: Path) -> Mapping[str, str]:
    """Data and a cache of their own, `python` as on both sides, and byte code as installed."""
    programs = base / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(PYTHON)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    folders = {name: str(base / name) for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME")}
    return {**kept, **folders, "PATH": f"{programs}:{os.environ['PATH']}"}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        environment = environment_in(base)
        plain, configured = base / "plain", base / "configured"
        for folder in (plain, configured):
            folder.mkdir()
            (folder / "x.py").touch()
        (configured / "main.hcl").write_text(CONFIGURATION)
        jobs = LocalJobs(base / "cache")

        def execute(folder: Path, *command: str) -> Callable[[], object]:
            return lambda: subprocess.run(
                command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL
            )

        def amlplan(folder: Path, *arguments: str) -> Callable[[], object]:
            return execute(folder, sys.executable, "-m", "amlplan", *arguments)

        amlplan(configured, "apply", "-auto-approve")()
        actions = {
            "`python x.py`": execute(plain, *COMMAND),
            "`amlplan run x.py`": amlplan(plain, "run", "x.py"),
            "`amlplan run NAME`": amlplan(configured, "run", "named"),
        }
        for action in actions.values():
            action()
        times: dict[str, list[float]] = {label: [] for label in actions}
        times |= {"job submitted": [], "job submitted and ended": []}
        for number in range(REPEATS):
            for label, action in actions.items():
                times[label].append(timed(action))
            taken, ended = supervised(jobs, base, number)
            times["job submitted"].append(taken)
            times["job submitted and ended"].append(ended)
        time.sleep(0.2)  # the last supervisor ends
    show({label: statistics.median(seconds) for label, seconds in times.items()})


def show(medians: Mapping[str, float]) -> None:
    bare = next(iter(medians.values()))
    print(f"| median of {REPEATS} | time | more than bare | ratio to bare |")
    print("|---|---|---|---|")
    for label, seconds in medians.items():
        more = f"{(seconds - bare) * 1000:.0f} ms | {seconds / bare:.1f}"
        print(f"| {label} | {seconds * 1000:.0f} ms | {more if seconds != bare else ' | '} |")


if __name__ == "__main__":
    main()
