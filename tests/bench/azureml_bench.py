"""Time that recording takes from a script: starting, importing, 1,000 scalars; and MLflow's.

Each figure is taken inside the script, in a process of its own. MLflow's light client is the peer,
with a store in SQLite, in an environment that is made here; without a package index its rows are
left out, which is said. The least of several; prints a table in Markdown.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.runs.recorder import recorder_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

REPEATS = 9
PEER_REPEATS = 1
STARTS = 60
PYTHON = str(getattr(sys, "_base_executable", sys.executable))
PEER = "mlflow-skinny==2.22.0"
PEER_NEEDS = ("sqlalchemy<2.1", "alembic", "sqlparse")
"""What its store in SQLite imports, and it does not ask for itself."""
MEASURED = """
import json, os, time
begun, cpu = time.perf_counter(), time.process_time()
{imports}
imported, cpu_of_import = time.perf_counter() - begun, time.process_time() - cpu
{prepare}
begun = time.perf_counter()
for step in range(1000):
    log("loss", step / 7, step=step)
print(json.dumps([imported, cpu_of_import, time.perf_counter() - begun]))
"""
SCRIPTS = {
    "`azureml`": ("from azureml.core import Run\nlog = Run.get_context().log", ""),
    "`amlplan_run`": ("from amlplan_run import log", ""),
}
PEER_SCRIPT = (
    "import mlflow\nfrom mlflow import log_metric as log",
    "mlflow.set_tracking_uri('sqlite:///' + os.environ['STORE'])\nmlflow.start_run()",
)


def measured(
    python: str, script: tuple[str, str], environment: Mapping[str, str], repeats: int
) -> list[float]:
    """The least that a script measured; a first time, which compiles, is not counted."""
    code = MEASURED.format(imports=script[0], prepare=script[1])
    rows = []
    for _ in range(repeats + 1):
        done = subprocess.run(
            [python, "-c", code],
            env=dict(environment),
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    return [min(column) for column in zip(*rows[1:], strict=True)]


def started(*environments: Mapping[str, str]) -> list[float]:
    """The least processor time of an interpreter that does nothing, in each environment."""
    times: list[list[float]] = [[] for _ in environments]
    for _ in range(STARTS):
        for environment, taken in zip(environments, times, strict=True):
            process = os.posix_spawn(PYTHON, [PYTHON, "-c", "pass"], environment)
            _, _, usage = os.wait4(process, 0)
            taken.append(usage.ru_utime + usage.ru_stime)
    return [min(taken) for taken in times]


def peer_in(folder: Path) -> str | None:
    """The interpreter of an environment with the peer, or None where it cannot be had."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        return None
    python = folder / "bin" / "python"
    for command in (
        [uv, "venv", "-q", "--python", PYTHON, str(folder)],
        [uv, "pip", "install", "-q", "--python", str(python), PEER, *PEER_NEEDS],
    ):
        if subprocess.run(command, check=False, capture_output=True).returncode:
            return None
    return str(python)


def environment_in(base: Path) -> dict[str, str]:
    """What a run has, with byte code as an installed package has it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for name in ("run/events", "run/work"):
        (base / name).mkdir(parents=True)
    return {
        **kept,
        "PYTHONPATH": str(recorder_folder(base / "data")),
        "AMLPLAN_RUN_ID": "bench_1",
        "AMLPLAN_RUN_EVENTS": str(base / "run" / "events"),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        environment = environment_in(base)
        rows = {
            label: measured(PYTHON, script, environment, REPEATS)
            for label, script in SCRIPTS.items()
        }
        bare = {key: value for key, value in environment.items() if key != "PYTHONPATH"}
        with_ours, without = started(environment, {**bare, "PYTHONPATH": str(base)})
        python = peer_in(base / "peer")
        if python is None:
            print(f"{PEER} cannot be had here, so nothing is compared with it")
        else:
            peer = {**bare, "STORE": str(base / "mlflow.sqlite"), "HOME": str(base)}
            rows[f"{PEER}, SQLite"] = measured(python, PEER_SCRIPT, peer, PEER_REPEATS)
    show(rows, f"{PEER}, SQLite")
    more = (with_ours - without) * 1000
    print(
        f"\nPython starts in {without * 1000:.1f} ms of the processor, {more:+.1f} with the folder"
    )


def show(rows: Mapping[str, list[float]], peer: str) -> None:
    print("| from a script | import | of the processor | 1,000 scalars | peer takes |")
    print("|---|---|---|---|---|")
    for label, (imported, processor, logged) in rows.items():
        times = f"{imported * 1000:.1f} ms | {processor * 1000:.1f} ms | {logged * 1000:.1f} ms"
        more = ""
        if peer in rows and label != peer:
            ratios = (rows[peer][0] / imported, rows[peer][2] / logged)
            more = f"{ratios[0]:.0f} times, {ratios[1]:.0f} times as long"
        print(f"| {label} | {times} | {more} |")


if __name__ == "__main__":
    main()
