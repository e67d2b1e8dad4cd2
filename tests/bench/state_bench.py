"""Measures the local state: reading, writing, and syncs per operation. Run: python state_bench.py.

Figures are CPU seconds, the best of five, next to what json needs for the same bytes.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.backend import Holder
from amlplan_schemas.state import Intent, Record, State, Tree
from amlplan_state import snapshot
from amlplan_state.local import LocalBackend

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan_state.writer import LocalWriter

HOLDER = Holder(user="bench", host="bench", pid=1, since="now", command="bench")
COUNT = 10_000


def record(number: int) -> Record:
    address = f"datastore.d{number:05}"
    return Record(
        address=address,
        kind="datastore.local",
        name=f"d{number}",
        generation=1,
        identity=f"0d4f9c0e-5d29-4a51-a9a8-0a1c61a3b3f5/{address}/1",
        provider="amlplan 0.1.0",
        inputs=Tree(
            values={
                "name": f"d{number}",
                "path": f"data/raw/{number}",
                "description": None,
                "tags": {"team": "vision", "cost": "12"},
            }
        ),
        derived={"content": "sha256:" + "ab" * 32},
        outputs=Tree(values={"url": f"file:///srv/data/{number}", "size": number}),
    )


def cpu(measured: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(5):
        gc.collect()
        start = time.process_time()
        measured()
        best = min(best, time.process_time() - start)
    return best


def work(writer: LocalWriter, thread: int, count: int) -> None:
    for number in range(count):
        done = record(thread * 100_000 + number)
        begun = Intent(
            operation=done.identity, action="create", address=done.address, draft=done, plan="p"
        )
        writer.begin(begun)
        writer.finish(done.address, done)


def apply(folder: Path, operations: int, parallelism: int) -> tuple[float, float]:
    """Seconds, and syncs per operation."""
    folder.mkdir()
    with LocalBackend(folder, {}, "0.1.0").open(HOLDER, timeout=0, waiting=print) as writer:
        threads = [
            threading.Thread(target=work, args=(writer, thread, operations // parallelism))
            for thread in range(parallelism)
        ]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.monotonic() - start, writer.syncs / operations


def read_and_written(folder: Path) -> tuple[float, float]:
    """CPU seconds of reading a state of many records in a folder, and of writing it."""
    records = {made.address: made for made in map(record, range(COUNT))}
    state = State(tool_version="0.1.0", lineage="l", serial=1, salt="00" * 16, records=records)
    backend = LocalBackend(folder, {}, "0.1.0")
    path = Path(backend.reader().location())
    path.write_bytes(snapshot.encode(state))
    read = cpu(backend.reader().read)
    return read, cpu(lambda: path.write_bytes(snapshot.encode(state)))


def main(folder: Path) -> None:
    read, written = read_and_written(folder)
    text = Path(LocalBackend(folder, {}, "0.1.0").reader().location()).read_bytes()
    value = json.loads(text)
    loaded = cpu(lambda: json.loads(text))
    dumped = cpu(lambda: json.dumps(value, indent=1))
    print(f"{COUNT} records, {len(text) / 1e6:.1f} MB; CPU seconds on Python {sys.version[:6]}")
    print(f"read and check {read:.3f}   json.loads {loaded:.3f}   ratio {read / loaded:.2f}")
    print(f"write          {written:.3f}   json.dumps {dumped:.3f}   ratio {written / dumped:.2f}")
    print(f"read and write {read + written:.3f}")
    for operations, parallelism in ((1000, 1), (1000, 10), (10_000, 10)):
        seconds, syncs = apply(folder / f"{operations}-{parallelism}", operations, parallelism)
        print(
            f"{operations} operations at parallelism {parallelism}: {seconds:.2f} s, "
            f"{syncs:.2f} syncs per operation"
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as made_folder:
        main(Path(made_folder))
