"""Measures the scoring server against azureml-inference-server-http: one worker, one script.

Run: scripts/bench serve [SECONDS]. Ours asks for a key and counts, theirs does neither. The two
take turns, so that what else the machine does hits both; the median of the rounds is shown.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from bench.http_load import Load, load
from harness import azmlinfsrv
from harness.service import Service

ROUNDS = 3
CONNECTIONS = (1, 16, 64)
KEY = "a-key-as-long-as-keys-are-0123456789"
BODY = '{"data": [1, 2, 3]}'
SCRIPT = """
import json
def init():
    global factor
    factor = 3
def run(data):
    return {"result": [number * factor for number in json.loads(data)["data"]]}
"""


def middle(loads: list[Load]) -> Load:
    return Load(
        per_second=statistics.median(item.per_second for item in loads),
        p50=statistics.median(item.p50 for item in loads),
        p99=statistics.median(item.p99 for item in loads),
        failures=sum(item.failures for item in loads),
    )


def measure(ours: int, theirs: int, connections: int, seconds: int) -> tuple[Load, Load]:
    done: dict[int, list[Load]] = {ours: [], theirs: []}
    for _ in range(ROUNDS):
        for port, loads in done.items():
            loads.append(load(port, connections, seconds, BODY, f"Bearer {KEY}"))
    return middle(done[ours]), middle(done[theirs])


def row(name: str, connections: int, done: Load) -> str:
    figures = f"{done.per_second:10.0f} {done.p50:9.2f} {done.p99:9.2f} {done.failures:9d}"
    return f"{name:12} {connections:12d} {figures}"


def main(folder: Path, seconds: int) -> None:
    environment = azmlinfsrv.environment()
    service = Service(folder, key=KEY).start()
    try:
        service.serve(SCRIPT, interpreter=str(environment / "bin/python"))
        source = folder / "source-r1"
        with azmlinfsrv.served(environment, source) as port:
            print("server        connections   requests/s    p50 ms    p99 ms    failed")
            for connections in CONNECTIONS:
                ours, theirs = measure(service.status.port, port, connections, seconds)
                print(row("amlplan", connections, ours))
                print(row(f"azml {azmlinfsrv.VERSION}", connections, theirs))
                times, late = ours.per_second / theirs.per_second, ours.p99 / theirs.p99
                print(f"ratio        {connections:12d} {times:10.1f} {'':9} {late:9.2f}")
    finally:
        service.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(Path(made), int(sys.argv[1]) if sys.argv[1:] else 4)
