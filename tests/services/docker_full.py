"""A Docker engine of its own with little room: in its own network, for one test."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from services.docker import SECONDS, Service, answers
from small_disk import small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

GRACE = 60.0


@contextmanager
def small_engine(folder: Path, size: str) -> Iterator[Service]:
    """An engine whose images have `size` at most; its containers reach nothing outside."""
    with small_disk(folder / "data", size) as data:
        # The path of a socket must be short, so it cannot be in a folder of pytest.
        run = Path(f"/run/amlplan-tests-{time.monotonic_ns()}")
        run.mkdir(mode=0o700)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(_command(run, data), stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + SECONDS
            while not answers(f"{run}/docker.sock"):
                said = (folder / "log").read_text()[-3000:]
                assert process.poll() is None, said
                assert time.monotonic() < deadline, said
                time.sleep(0.1)
            service = Service(f"unix://{run}/docker.sock")
            yield service
            service.engine.close()
        finally:
            _end(process)
            shutil.rmtree(run, ignore_errors=True)


def _command(run: Path, data: Path) -> list[str]:
    return [
        *("unshare", "--net"),
        "dockerd",
        f"--host=unix://{run}/docker.sock",
        f"--data-root={data}/root",
        f"--exec-root={run}/exec",
        f"--pidfile={run}/dockerd.pid",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        "--log-level=warn",
    ]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
