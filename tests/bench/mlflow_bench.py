"""A thousand metrics through MLflow's own client: over a run's service, SQLite, MLflow's server.

One MLflow, newest, in an environment made by uv for the measurement; the same script on all sides,
one after the other, the median of several rounds. Prints a table in Markdown.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from uv import find_uv_bin

from endpoint_workbench import TOKEN, Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROUNDS = 3
SCRIPT = """
import json, time
import mlflow
from mlflow.entities import Metric

client = mlflow.MlflowClient()
with mlflow.start_run() as run:
    for step in range(10):
        mlflow.log_metric("warm", step, step=step)
    began = time.perf_counter()
    for step in range(1000):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    alone = time.perf_counter() - began
    began = time.perf_counter()
    points = [Metric("batch", 1 / (step + 1), step, step) for step in range(1000)]
    client.log_batch(run.info.run_id, metrics=points)
    batch = time.perf_counter() - began
    assert len(client.get_metric_history(run.info.run_id, "loss")) == 1000
print(json.dumps([alone, batch]))
"""


def measured(python: Path, folder: Path, **variables: str) -> list[float]:
    """Seconds of a thousand metrics one by one, and in one batch."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MLFLOW")}
    done = subprocess.run(
        [python, "-c", SCRIPT],
        env={**kept, "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true", **variables},
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return list(json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def run_service(folder: Path) -> Iterator[tuple[dict[str, str], list[float]]]:
    """A run's service; what leads a script to it, and the seconds to its first answer."""
    endpoint = Endpoint(folder / "workspace")
    began = time.perf_counter()
    endpoint.start()
    endpoint.run()
    first = time.perf_counter() - began
    url = f"http://127.0.0.1:{endpoint.port}"
    ours = {"MLFLOW_TRACKING_URI": url, "MLFLOW_TRACKING_TOKEN": TOKEN}
    try:
        yield {**ours, "MLFLOW_RUN_ID": endpoint.root}, [first]
    finally:
        endpoint.end()
        endpoint.close()


@contextmanager
def tracking_server(python: Path, folder: Path) -> Iterator[tuple[dict[str, str], list[float]]]:
    """MLflow's own server over SQLite, and the seconds until it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = f"sqlite:///{folder}/server.db"
    arguments = ["server", "--host=127.0.0.1", f"--port={port}", f"--backend-store-uri={place}"]
    began = time.perf_counter()
    server = subprocess.Popen(
        [python.with_name("mlflow"), *arguments, "--workers=1"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not answers(port):
            assert server.poll() is None
            time.sleep(0.01)
        first = time.perf_counter() - began
        yield {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}, [first]
    finally:
        os.killpg(server.pid, 15)
        server.wait()


def answers(port: int) -> bool:
    import http.client

    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False


def main() -> None:
    times: dict[str, list[list[float]]] = {"a run's service": [], "SQLite": [], "its server": []}
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        python = base / "venv" / "bin" / "python"
        made = [find_uv_bin(), "venv", "--quiet", "--python", sys.executable, str(base / "venv")]
        installed = [find_uv_bin(), "pip", "install", "--quiet", "--python", str(python), "mlflow"]
        for command in (made, installed):
            subprocess.run(command, check=True, cwd=base)
        for number in range(ROUNDS):
            folder = base / f"round{number}"
            folder.mkdir()
            with run_service(folder) as (variables, first):
                seconds = measured(python, folder, **variables)
                times["a run's service"].append([*seconds, *first])
            place = f"sqlite:///{folder}/alone.db"
            seconds = measured(python, folder, MLFLOW_TRACKING_URI=place)
            times["SQLite"].append([*seconds, 0.0])
            with tracking_server(python, folder) as (variables, first):
                seconds = measured(python, folder, **variables)
                times["its server"].append([*seconds, *first])
    columns = {label: [*zip(*rounds, strict=True)] for label, rounds in times.items()}
    show({label: list(map(statistics.median, found)) for label, found in columns.items()})


def show(medians: Mapping[str, list[float]]) -> None:
    ours = medians["a run's service"]
    print(f"median of {ROUNDS}\n")
    print("| over | 1,000 one by one | ratio | 1,000 in a batch | starts |")
    print("|---|---|---|---|---|")
    for label, (alone, batch, first) in medians.items():
        started = f"{first:.2f} s" if first else ""
        row = f"{alone:.2f} s | {alone / ours[0]:.1f} | {batch * 1000:.0f} ms | {started}"
        print(f"| {label} | {row} |")


if __name__ == "__main__":
    main()
