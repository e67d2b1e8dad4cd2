"""Whom a kill is for: the command, its group, or one of the processes behind a run."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.processes import ProcessMark, is_running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMANDS = ("command", "group")
"""Victims that are there before the run is."""
PROCESSES = ("supervisor", "guard", "script", "supervisor+guard", "everybody")
"""Victims that a run has once a supervisor took it over."""
PHASES = (*COMMANDS, *PROCESSES, "queued")


@dataclass(frozen=True, slots=True)
class Victims:
    """The processes behind a run, as its supervisor tells them."""

    folder: Path

    def marks(self) -> dict[str, ProcessMark]:
        """Those that are known by now."""
        try:
            kept = json.loads((self.folder / "supervisor.json").read_bytes())
        except (OSError, ValueError):
            return {}
        named = {"supervisor": kept["mark"], "guard": kept["guard"], "script": kept["script"]}
        return {name: ProcessMark(*mark) for name, mark in named.items() if mark}

    def kill(self, phase: str) -> bool:
        """Kill those that a phase is about; whether any of them was there."""
        names = {"everybody": "supervisor+guard+script", "queued": "supervisor"}.get(phase, phase)
        marks = self.marks()
        wanted = [marks[name] for name in names.split("+") if name in marks]
        there = [mark for mark in wanted if is_running(mark)]
        for mark in there:
            with suppress(ProcessLookupError):
                os.kill(mark.pid, signal.SIGKILL)
        return bool(there)


def forked(action: Callable[[], None]) -> int:
    """Do something in a process and group of its own, as a command is; gives its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        action()
        code = 0
    finally:
        os._exit(code)


def reaped(pid: int, *, wait: bool) -> bool:
    """Whether a process that was forked is over; with `wait`, once it is."""
    with suppress(ChildProcessError):
        return os.waitpid(pid, 0 if wait else os.WNOHANG)[0] == pid
    return True
