"""Finishes what a carrier left in a container when it was ended before it was done."""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import TYPE_CHECKING

from amlplan.errors import UnreachableError
from amlplan_docker.carrying.away import Away
from amlplan_docker.carrying.bringing import bring
from amlplan_docker.carrying.carry import TIMEOUT
from amlplan_docker.carrying.container import RunContainer
from amlplan_docker.carrying.ending import NAME as ENDING
from amlplan_docker.carrying.mirror import Mirror
from amlplan_docker.carrying.output import Output
from amlplan_docker.carrying.remains import ended_from_outside, remains_of
from amlplan_docker.carrying.task import BROUGHT, CarryTask, read_task
from amlplan_docker.engine.client import Engine
from amlplan_docker.engine.connection import Connection

if TYPE_CHECKING:
    from pathlib import Path

REACHING = 30.0
"""Seconds in which an engine has to answer that is asked to finish a run."""


def finish(folder: Path) -> None:
    """End what a carrier left: bring what is there, remove the container; may be repeated.

    Raises ProviderError, OSError and ValueError.
    """
    if (folder / BROUGHT).exists():
        return
    task = read_task(folder)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with _reached(Connection(**task.connection)) as engine:
        _finished(task, folder, engine)


def _finished(task: CarryTask, folder: Path, engine: Engine) -> None:
    container, mirror = RunContainer(task, engine), Mirror(folder)
    Away(folder).back()
    seen = container.seen()
    if seen is None:
        (folder / BROUGHT).touch()
        return
    attempt = _attempt_in(folder)
    was_running = seen.is_running
    if was_running:
        container.end()
    output = Output()
    output.offset = sys.maxsize  # nobody reads it here any more
    ending = remains_of(container, attempt, folder, output, mirror)
    ended_by_itself = not was_running and seen.state != "created"
    if ended_by_itself and not (folder / ENDING).exists():
        (ending or ended_from_outside(seen, attempt)).write(folder)
    bring(task, container, folder, mirror, None if ending is None else ending.filled)


def _attempt_in(folder: Path) -> int:
    """The attempt that the supervisor told last."""
    attempt = 1
    for line in (folder / "events" / "supervisor.jsonl").read_bytes().splitlines():
        if b'"attempt"' in line:
            attempt = max(attempt, int(json.loads(line).get("attempt") or 1))
    return attempt


def _reached(connection: Connection) -> Engine:
    """The engine, once it answers; raises ProviderError where it does not for long."""
    deadline = time.monotonic() + REACHING
    while True:
        try:
            return Engine.connect(connection, timeout=TIMEOUT)
        except UnreachableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
