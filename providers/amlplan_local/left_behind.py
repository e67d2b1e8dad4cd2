"""Processes that a script left in its group when it was killed together with its guard."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
_GROUP = 2
"""The place in /proc/PID/stat behind the name."""


def are_left(group: int, run_id: str) -> bool:
    """Whether a group has a process of the run: one that may be ended, whoever got the number.

    A process is known by its environment, so that nothing is told where there is no /proc.
    """
    mark = f"AMLPLAN_RUN_ID={run_id}".encode()
    for stat in PROC.glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = stat.read_bytes().rpartition(b")")[2].split()
            is_member = int(fields[_GROUP]) == group
            if is_member and mark in stat.with_name("environ").read_bytes().split(b"\0"):
                return True
    return False
