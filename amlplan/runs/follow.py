"""Follows a run: its log as it grows, until it has ended."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.errors import RunError
from amlplan.history import FINAL
from amlplan.runs.due import settle
from amlplan.runs.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from amlplan.runs.place import RunPlace

QUICK, SLOW = 0.005, 0.1
"""Seconds between two looks: at the beginning, and after a while."""
LOOK = 1.0
"""Seconds between two looks at whether the supervisor is still there."""
CHUNK = 64 * 1024


@dataclass(slots=True)
class LogTail:
    """The log of a run, read as it grows."""

    path: Path
    _offset: int = 0

    def read(self) -> bytes:
        """What came since the last call; at most so much at once that memory stays small."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(CHUNK)
        except FileNotFoundError:
            return b""
        self._offset += len(data)
        return data


@dataclass(slots=True)
class StatusTail:
    """The statuses that were written for a run, by its supervisor or by a command line."""

    folder: Path
    _offsets: dict[str, int] = field(default_factory=dict)

    def final(self) -> str | None:
        """The last status of the run, once it has one."""
        found = (self._new_final(name) for name in ("supervisor.jsonl", "control.jsonl"))
        return next((status for status in found if status is not None), None)

    def _new_final(self, name: str) -> str | None:
        try:
            with (self.folder / "events" / name).open("rb") as file:
                file.seek(self._offsets.get(name, 0))
                data = file.read()
        except FileNotFoundError:
            return None
        whole, _, _ = data.rpartition(b"\n")
        self._offsets[name] = self._offsets.get(name, 0) + len(whole) + bool(whole)
        found = (_final_in(line) for line in whole.splitlines())
        return next((status for status in found if status is not None), None)


def _final_in(line: bytes) -> str | None:
    """The status that a line ends the run with; None also for what a torn write left."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or event.get("type") != "status" or "run" in event:
        return None
    status = event.get("status")
    return status if isinstance(status, str) and status in FINAL else None


def follow(
    run_id: str,
    place: RunPlace,
    write: Callable[[bytes], None],
    check: Callable[[], None],
    tell: Callable[[str], None] = lambda _: None,
) -> str:
    """Pass on the log of a run until it has ended; gives its last status.

    `tell` is told of what is not in the log: that the run waits for others, or does not respond.
    `check` is called at each look and may raise to stop following; the run goes on then. A run
    that nobody looks after any more is ended here. Raises RunError where its folder is removed.
    """
    folder = place.folder_of(run_id)
    log, statuses = LogTail(folder / "log.txt"), StatusTail(folder)
    standing = Standing(run_id, place)
    looked = time.monotonic()
    pause = QUICK
    while True:
        check()
        final = statuses.final()
        while data := log.read():
            write(data)
            check()
            pause = QUICK
        if final is not None:
            return final
        if time.monotonic() - looked > LOOK:
            looked = time.monotonic()
            _check_there(run_id, folder)
            if not settle(run_id, place) and (news := standing.news()) is not None:
                tell(news)
        time.sleep(pause)
        pause = min(pause * 1.1, SLOW)


def _check_there(run_id: str, folder: Path) -> None:
    if not folder.exists():
        raise RunError(
            "The run's folder was removed",
            f"{folder} is gone, and with it all that {run_id} recorded. A script that still ran is "
            "ended within some seconds. Run it again, and leave that folder alone meanwhile.",
        )
