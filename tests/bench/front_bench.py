"""Measures a front with one replica against the local server: same script, one worker each.

Run: scripts/bench front [SECONDS]. Both ask for a key and write no access log. They take turns, so
that what else the machine does hits both; the median of the rounds is shown. The second table has
the time that one command through `ctl` takes, process included.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.serve_bench import CONNECTIONS, KEY, SCRIPT, measure, row
from harness.containers import Containers
from harness.service import Service

COMMANDS = 20


def main(folder: Path, seconds: int) -> None:
    containers = Containers(folder, key=KEY)
    service = Service(folder / "local", key=KEY)
    service.folder.mkdir()
    try:
        containers.open_front(AMLPLAN_ACCESS_LOG="none")
        containers.serve("r1", script=SCRIPT)
        service.start().serve(SCRIPT)
        print("server        connections   requests/s    p50 ms    p99 ms    failed")
        for connections in CONNECTIONS:
            local, front = measure(service.status.port, containers.port, connections, seconds)
            print(row("local", connections, local))
            print(row("front", connections, front))
            times, late = front.per_second / local.per_second, front.p99 / local.p99
            print(f"ratio        {connections:12d} {times:10.2f} {'':9} {late:9.2f}")
        print(f"\none command through ctl: {command_time(containers) * 1000:.0f} ms")
    finally:
        service.stop()
        containers.close()


def command_time(containers: Containers) -> float:
    times = []
    for _ in range(COMMANDS):
        started = time.perf_counter()
        containers.client_by_ctl.status()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(Path(made), int(sys.argv[1]) if sys.argv[1:] else 4)
