"""Earlier state files: the same bytes under a second name, so keeping one cannot tear it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amlplan_state.durable import write_new
from amlplan_state.snapshot import decode, encode

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan_schemas.state import State
    from amlplan_state.durable import Disk
    from amlplan_state.paths import StatePaths

KEPT = 10
_NAME = re.compile(r"(\d{8,18})\.json")


def serial_of(path: Path) -> int:
    """The serial in the name of an earlier state file, -1 for another file."""
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else -1


def earlier(paths: StatePaths) -> list[Path]:
    """The earlier state files, newest first; none where there is no folder or no permission."""
    try:
        names = list(paths.history.iterdir())
    except OSError:
        return []
    return sorted((path for path in names if serial_of(path) >= 0), key=serial_of, reverse=True)


def last_serial(paths: StatePaths, current: int) -> int:
    """The greatest serial given so far; where an earlier copy was restored, not the current one."""
    return max([current, *map(serial_of, earlier(paths)[:1])])


def newest_good(paths: StatePaths) -> tuple[Path, State] | None:
    """The newest earlier state file that is whole and readable, with what it says."""
    for path in earlier(paths):
        try:
            state = decode(path.read_bytes())
        except OSError:
            continue
        if state is not None:
            return path, state
    return None


def put(disk: Disk, paths: StatePaths, state: State, current: int | None) -> None:
    """Put a state in the place of the current one, whose serial is given, durable on return.

    The current one stays among the earlier ones; None keeps nothing.
    """
    write_new(disk, paths.unfinished, encode(state))
    if current is not None:
        keep(disk, paths, current)
    disk.rename(paths.unfinished, paths.state)
    disk.sync_folder(paths.folder)


def keep_copy(disk: Disk, paths: StatePaths, state: State) -> None:
    """Put a state among the earlier ones, in a file of its own, durable on return."""
    _make_folder(disk, paths)
    write_new(disk, paths.unfinished, encode(state))
    disk.rename(paths.unfinished, paths.history / f"{state.serial:08}.json")
    disk.sync_folder(paths.history)


def _make_folder(disk: Disk, paths: StatePaths) -> None:
    if not paths.history.is_dir():
        disk.make_folder(paths.history)
        disk.sync_folder(paths.folder)


def keep(disk: Disk, paths: StatePaths, serial: int) -> None:
    """Give the current state file its name among the earlier ones, durable on return."""
    _make_folder(disk, paths)
    target = paths.history / f"{serial:08}.json"
    disk.unlink(target)  # what an interrupted writer linked: the file that is current still
    disk.link(paths.state, target)
    disk.sync_folder(paths.history)


def prune(disk: Disk, paths: StatePaths) -> None:
    """Remove all but the newest; one that comes back after power loss is removed again."""
    for path in earlier(paths)[KEPT:]:
        disk.unlink(path)
