"""Processes as they are told apart: a pid is used again, a pid with its start is not."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

STAT_STATE = 0
STAT_STARTED = 19
"""Places in /proc/PID/stat behind the name, which may hold anything."""
TICK = 0.02
KILLED = 10.0
"""Seconds in which the kernel lets a killed process go."""


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """One process for ever: its number, when it started, and in which life of the machine."""

    pid: int
    started: str
    boot: str


def mark_of(pid: int) -> ProcessMark | None:
    """The mark of a process that runs now; None where there is none, or only its remains."""
    started = _started(pid)
    return None if started is None else ProcessMark(pid, started, _boot())


def is_running(mark: ProcessMark) -> bool:
    """Whether that very process runs still."""
    return mark_of(mark.pid) == mark


def end_process(mark: ProcessMark, grace: float) -> bool:
    """End a process: ask, and after `grace` seconds kill; blocks until it is gone.

    A process that is gone already, or whose pid another one has, is left alone. Whether it is
    gone for certain; False where the kernel or the rights of this user did not allow it.
    """
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, KILLED)):
        if not signal_process(mark, number):
            return not is_running(mark)
        deadline = time.monotonic() + seconds
        while is_running(mark):
            if time.monotonic() >= deadline:
                break
            time.sleep(TICK)
        else:
            return True
    return False


def signal_process(mark: ProcessMark, number: signal.Signals) -> bool:
    """Send a signal to that very process; whether it was there and may be told."""
    try:
        if not hasattr(os, "pidfd_open"):
            if is_running(mark):
                os.kill(mark.pid, number)
                return True
            return False
        descriptor = os.pidfd_open(mark.pid)
    except (ProcessLookupError, PermissionError):
        return False
    try:
        if not is_running(mark):  # asked once the descriptor holds whoever has the pid now
            return False
        signal.pidfd_send_signal(descriptor, number)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(descriptor)
    return True


def _started(pid: int) -> str | None:
    if not Path("/proc/self/stat").exists():
        return _started_by_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rfind(b")") + 2 :].split()
    return None if fields[STAT_STATE] in {b"Z", b"X"} else fields[STAT_STARTED].decode()


def _started_by_ps(pid: int) -> str | None:
    words = _said("ps", "-o", "state=,lstart=", "-p", str(pid)).split()
    return None if not words or words[0].startswith("Z") else " ".join(words[1:])


def _boot() -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return _said("sysctl", "-n", "kern.boottime").strip()


def _said(*command: str) -> str:
    """What a command printed; nothing where it is missing."""
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            env={"PATH": os.defpath + ":/usr/sbin:/sbin", "LC_ALL": "C"},
        )
    except OSError:
        return ""
    return done.stdout
