"""Measures snapshots against sha256sum over the same files. Run: python snapshot_bench.py.

Figures are seconds of the clock, the best of three, in the same run and with warm caches.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.snapshots import snapshot
from amlplan_local.store import ContentStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.snapshots.manifest import Snapshot

COUNT = 10_000
SIZE = 100_000
A_PROJECT = 200
"""Files of a folder of source code, of which each run takes a snapshot."""


def best(
    measured: Callable[[], object], times: int = 3, before: Callable[[], object] = int
) -> float:
    found = float("inf")
    for _ in range(times):
        before()
        start = time.monotonic()
        measured()
        found = min(found, time.monotonic() - start)
    return found


def fill(source: Path, count: int, size: int) -> None:
    """Write files that are different, and old enough to be remembered."""
    for number in range(count):
        path = source / f"{number // 100:03}" / f"{number:05}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    time.sleep(2.5)


def measure(folder: Path, count: int, size: int) -> None:
    source, cache = folder / f"source-{count}", folder / f"cache-{count}"
    fill(source, count, size)
    names = "\0".join(str(path) for path in source.rglob("*.bin")).encode()

    def scan() -> Snapshot:
        return snapshot.scan(source, max_size=1 << 40, max_files=1 << 20, cache_folder=cache)

    def sums() -> None:
        command = ["xargs", "-0", "sha256sum"]
        subprocess.run(command, input=names, stdout=subprocess.DEVNULL, check=True)

    peer = best(sums)
    first = best(scan, before=lambda: shutil.rmtree(cache, ignore_errors=True))
    again = best(scan)
    print(f"{count} files of {size} bytes; sha256sum {peer:.3f}")
    print(f"scan, first time {first:.3f}   ratio to sha256sum {first / peer:.2f}")
    print(f"scan, unchanged  {again:.3f}   ratio to the first {again / first:.2f}")
    taken, store = scan(), ContentStore(folder / f"store-{count}", cache)
    copied = best(lambda: shutil.copytree(source, folder / f"copy-{count}"), 1)
    stored = best(lambda: snapshot.store(taken, source, store), 1)
    kept = best(lambda: snapshot.store(taken, source, store))
    made = best(lambda: snapshot.materialise(taken, store, folder / f"made-{count}"), 1)
    print(f"copytree {copied:.3f}")
    print(f"store, first time {stored:.3f}   ratio to copytree {stored / copied:.2f}")
    both = first + stored
    print(f"scan and store, first time {both:.3f}   ratio to sha256sum {both / peer:.2f}")
    print(f"store, unchanged  {kept:.3f}   ratio to the first {kept / stored:.2f}")
    print(f"materialise       {made:.3f}   ratio to copytree {made / copied:.2f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as made_folder:
        measure(Path(made_folder), COUNT, SIZE)
        measure(Path(made_folder), A_PROJECT, 5_000)
