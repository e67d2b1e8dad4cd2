"""A program that runs the Docker engine of the tests for as long as somebody holds it."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

FOLDER = Path("/var/tmp/amlplan-tests-docker")
"""As in docker.py, which this program must not import."""
HOLDERS = FOLDER.with_suffix(".holders")
LINGER = 10.0
"""Seconds that the engine stays after the last one let go of it: tests often start again."""
GRACE = 60.0
_PDEATHSIG = 1


def main() -> None:
    _clear()
    FOLDER.mkdir(mode=0o700)
    engine = subprocess.Popen(
        _command(),
        preexec_fn=_goes_with_its_parent,  # noqa: PLW1509 - there are no threads
        cwd="/",
    )
    try:
        with HOLDERS.open("a") as holders:
            is_alone = _nobody_holds(holders.fileno(), engine)
            _end(engine)
            if is_alone:  # else another keeper may be at work already
                _clear()  # while whoever comes now waits for the lock
    finally:
        _end(engine)


def _command() -> list[str]:
    return [
        "dockerd",
        f"--host=unix://{FOLDER}/docker.sock",
        f"--data-root={FOLDER}/data",
        f"--exec-root={FOLDER}/exec",
        f"--pidfile={FOLDER}/dockerd.pid",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        "--log-level=warn",
    ]


def _goes_with_its_parent() -> None:
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGTERM)


def _nobody_holds(holders: int, engine: subprocess.Popen[bytes]) -> bool:
    """Wait. True with the lock, once nobody had it for a while; False when the engine ended."""
    free_since: float | None = None
    while engine.poll() is None:
        try:
            fcntl.flock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            free_since = None
        else:
            free_since = free_since or time.monotonic()
            if time.monotonic() - free_since > LINGER:
                return True
            fcntl.flock(holders, fcntl.LOCK_UN)
        time.sleep(0.5)
    return False


def _end(engine: subprocess.Popen[bytes]) -> None:
    if engine.poll() is None:
        engine.terminate()
        try:
            engine.wait(GRACE)
        except subprocess.TimeoutExpired:
            engine.kill()
            engine.wait()


def _clear() -> None:
    """Remove what an engine left, also one that was killed: its processes, mounts and files."""
    for pidfile in (FOLDER / "exec/containerd/containerd.pid", FOLDER / "dockerd.pid"):
        _kill(pidfile)
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in sorted((m for m in mounts if m.startswith(f"{FOLDER}/")), reverse=True):
        subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
    shutil.rmtree(FOLDER, ignore_errors=True)


def _kill(pidfile: Path) -> None:
    """End the process that a file names, if it is one of this engine still."""
    try:
        pid = int(pidfile.read_text())
        if str(FOLDER).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    except (OSError, ValueError):
        return


if __name__ == "__main__":
    main()
