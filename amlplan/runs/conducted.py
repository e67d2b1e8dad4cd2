"""Who conducts a grid, and what is done about one that nobody conducts any more."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan.files import locked, write_file
from amlplan.history import FINAL
from amlplan.processes import ProcessMark, is_running, signal_process
from amlplan.runs.final_status import StatusTail
from amlplan.runs.grids import NO_CONDUCTOR, ending_of

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from amlplan.history import RunDetail
    from amlplan.runs.place import RunPlace

CONDUCTOR, LOCK = "conductor.json", "lock"
NEVER_STARTED = "amlplan was ended before the grid was started"


class HeldError(Exception):
    """Somebody else holds the lock of a grid."""


def held(folder: Path) -> AbstractContextManager[None]:
    """The lock of a grid, which its conductor holds for as long as it lives; raises HeldError."""

    def leave() -> None:
        raise HeldError

    return locked(folder / LOCK, leave)


def note_conductor(folder: Path, mark: ProcessMark) -> None:
    """Tell others which process conducts a grid; durable on return."""
    write_file(folder / CONDUCTOR, json.dumps(asdict(mark)).encode())


def conductor_of(folder: Path) -> ProcessMark | None:
    """The process that conducts a grid, or did; None where none ever took it over."""
    try:
        return ProcessMark(**json.loads((folder / CONDUCTOR).read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as failure:
        raise ProviderError(
            "A grid cannot be looked at",
            f"{folder / CONDUCTOR}, which tells who conducts it, cannot be read: {failure}. Make "
            "it readable, then try again.",
        ) from failure


def is_conducted(folder: Path) -> bool:
    """Whether somebody conducts a grid now."""
    mark = conductor_of(folder)
    return mark is not None and is_running(mark)


def tell_conductor(folder: Path, number: signal.Signals) -> bool:
    """Send a signal to a grid's conductor; whether there was one to take it."""
    mark = conductor_of(folder)
    return mark is not None and signal_process(mark, number)


def settle_grid(run_id: str, place: RunPlace, settle: Callable[[str, RunPlace], bool]) -> bool:
    """End a grid that nobody conducts, once its members ended; whether it has ended.

    `settle` does the same for a member.
    """
    folder = place.folder_of(run_id)
    if is_conducted(folder):
        return False
    try:
        with held(folder):
            if StatusTail(folder).final() is None:
                return _settled(run_id, place, settle)
    except HeldError:
        return False
    return True


def members_of(run_id: str, place: RunPlace) -> list[RunDetail]:
    """The members of a grid that history has."""
    return list(_members(place.history.run(run_id), place))


def _members(grid: RunDetail, place: RunPlace) -> Iterator[RunDetail]:
    return (place.history.run(member.id) for member in grid.children)


def _settled(run_id: str, place: RunPlace, settle: Callable[[str, RunPlace], bool]) -> bool:
    grid = place.history.run(run_id)
    for member in grid.children:
        if member.status in FINAL:
            continue
        with suppress(ProviderError):
            if settle(member.id, place):
                place.history.sync(member.id, wait=True)
                continue
        return False
    because = NO_CONDUCTOR if conductor_of(place.folder_of(run_id)) else NEVER_STARTED
    ending = ending_of(grid, list(_members(grid, place)), because)
    place.history.append_control(run_id, ending)
    return True
