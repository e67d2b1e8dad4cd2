"""Follows a run: its log as it grows, until it has ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import RunError
from amlplan.runs.due import settle
from amlplan.runs.final_status import StatusTail
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
            check_there(run_id, folder)
            if not settle(run_id, place) and (news := standing.news()) is not None:
                tell(news)
        time.sleep(pause)
        pause = min(pause * 1.1, SLOW)


def check_there(run_id: str, folder: Path) -> None:
    """Raise RunError where the folder of a run was removed."""
    if not folder.exists():
        raise RunError(
            "The run's folder was removed",
            f"{folder} is gone, and with it all that {run_id} recorded. A script that still ran is "
            "ended within some seconds. Run it again, and leave that folder alone meanwhile.",
        )
