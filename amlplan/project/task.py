"""A task: something that goes on, whatever it is, as one view shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TaskKind = Literal["apply", "build", "deployment", "operation", "run", "grid"]


@dataclass(frozen=True, slots=True)
class Task:
    """One task. Times are unix times.

    `id` is that of a run, `apply`, or `apply/ADDRESS` for one of its operations, whose `parent` is
    the apply. `phase` is the status of a run, or what an operation does; `progress` says more about
    it. `log` is the file that it writes what it prints to.
    """

    id: str
    kind: TaskKind
    name: str
    phase: str
    is_active: bool
    progress: str = ""
    started: float | None = None
    ended: float | None = None
    by: str = ""
    host: str = ""
    parent: str | None = None
    log: str | None = None
