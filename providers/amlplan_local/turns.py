"""Turns of runs that share a target: slots and graphics processors, taken in order of submission.

All of it is files that the kernel locks for a process and frees with it, whatever ends it. They
lie in one folder for this user on this host, so that runs of all workspaces and states share them:

    lock              held for the moment in which somebody looks and takes
    tickets/NUMBER    one for each run that waits, locked by its supervisor
    slots/TARGET/N    locked by the run that has it
    gpus/ID           the same
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEVICES = "CUDA_VISIBLE_DEVICES"
"""The variable that tells a script which graphics processors are its own."""
NOTE = "queue.json"
"""The file in a run's folder that tells others which ticket it has."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a run waits for: one of the slots of a target, and some graphics processors."""

    target: str = ""
    max_runs: int | None = None
    gpus: int = 0
    devices: tuple[str, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether there is anything to wait for."""
        return self.max_runs is not None or self.gpus > 0

    def competes_with(self, other: Needs) -> bool:
        """Whether both want something that only one of them may get."""
        return self.shares_slots_with(other) or (self.gpus > 0 and other.gpus > 0)

    def shares_slots_with(self, other: Needs) -> bool:
        """Whether both want a slot of the same target."""
        are_limited = self.max_runs is not None and other.max_runs is not None
        return are_limited and self.target == other.target


class Turn:
    """The place of one run in the queue, and what it got when its turn came.

    What it got is held for as long as this process lives, or until `end`.
    """

    def __init__(self, folder: Path, needs: Needs) -> None:
        self._folder, self._needs = folder, needs
        self._number = 0
        self._ticket = -1
        self._held = ExitStack()
        self.ahead = 0
        self.devices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What its ticket is called."""
        return f"{self._number:012}"

    def enter(self) -> bool:
        """Take a ticket; whether that was possible now. Raises OSError."""
        for name in ("tickets", "gpus", f"slots/{self._needs.target}"):
            self._folder.joinpath(name).mkdir(parents=True, exist_ok=True)
        with _locked_now(self._folder / "lock") as is_locked:
            if not is_locked:
                return False
            self._number = max(_tickets(self._folder), default=0) + 1
            new = self._folder / "tickets" / ".new"  # locked before anybody can find it
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            self._ticket = os.open(new, flags, 0o644)
            fcntl.flock(self._ticket, fcntl.LOCK_EX)
            os.write(self._ticket, json.dumps(asdict(self._needs)).encode())
            new.rename(new.with_name(self.name))
            return True

    @property
    def is_waiting(self) -> bool:
        """Whether it has its place in the queue still."""
        return self._ticket >= 0

    def take(self) -> bool:
        """Take what is needed where all of it is free for this run; whether it was."""
        with _locked_now(self._folder / "lock") as is_locked:
            if not is_locked:
                return False
            ahead = [
                it for it in _ahead(self._folder, self._number) if self._needs.competes_with(it)
            ]
            self.ahead = len(ahead)
            if not self._take(ahead):
                return False
            self._leave()
            return True

    def end(self) -> None:
        """Give back what was taken, or the place in the queue."""
        self._leave()
        self._held.close()

    def _take(self, before: list[Needs]) -> bool:
        needs = self._needs
        with ExitStack() as found:
            if needs.max_runs is not None:
                folder = self._folder / "slots" / needs.target
                waiting = sum(needs.shares_slots_with(other) for other in before)
                if not _hold(_Wanted(folder, 1, waiting), _slots(folder, needs.max_runs), found):
                    return False
            if needs.gpus:
                waiting = sum(other.gpus for other in before)
                wanted = _Wanted(self._folder / "gpus", needs.gpus, waiting)
                got = _hold(wanted, (needs.devices, len(needs.devices)), found)
                if not got:
                    return False
                self.devices = got
            self._held = found.pop_all()
        return True

    def _leave(self) -> None:
        if self._ticket >= 0:
            with suppress(FileNotFoundError):
                (self._folder / "tickets" / self.name).unlink()
            os.close(self._ticket)
            self._ticket = -1


def place_of(folder: Path, ticket: str) -> int | None:
    """How many have their turn before one with a ticket does, and itself; None where it has none.

    Only those that want the same are counted.
    """
    try:
        own = _needs_in(folder / "tickets" / ticket)
    except FileNotFoundError:
        return None
    if own is None:
        return None
    return 1 + sum(own.competes_with(other) for other in _ahead(folder, int(ticket)))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How many files of a folder are to be locked, and how many others have to be left free."""

    folder: Path
    count: int
    waiting: int


def _slots(folder: Path, limit: int) -> tuple[tuple[str, ...], int]:
    """The slots of a target, those too that it had when its limit was higher; and the limit."""
    others = {path.name for path in folder.iterdir()}
    own = [str(number) for number in range(limit)]
    return (*own, *sorted(others.difference(own))), limit


def _hold(
    wanted: _Wanted, offered: tuple[tuple[str, ...], int], held: ExitStack
) -> tuple[str, ...]:
    """Lock what is wanted; gives the names, none where there is too little.

    `offered` are names of files, and how many of them may be locked in all.
    """
    names, limit = offered
    with ExitStack() as looking:
        free: list[tuple[str, int]] = []
        for name in names:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(wanted.folder / name.replace("/", "_"), flags, 0o644)
            looking.callback(os.close, descriptor)
            if _is_free(descriptor):
                free.append((name, descriptor))
        if limit - (len(names) - len(free)) < wanted.count + wanted.waiting:
            return ()
        kept = free[: wanted.count]
        for _, descriptor in kept:
            held.callback(os.close, os.dup(descriptor))  # of the same lock
    return tuple(name for name, _ in kept)


def _ahead(folder: Path, number: int) -> list[Needs]:
    """What those wait for who came before."""
    paths = [path for found, path in sorted(_tickets(folder).items()) if found < number]
    needs = []
    for path in paths:
        with suppress(FileNotFoundError):
            found = _needs_in(path)
            if found is not None:
                needs.append(found)
    return needs


def _tickets(folder: Path) -> dict[int, Path]:
    paths = folder.joinpath("tickets").iterdir()
    return {int(path.name): path for path in paths if path.name.isdecimal()}


def _needs_in(path: Path) -> Needs | None:
    """What a ticket is for; None where the run that has it is gone, and its ticket with it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _is_free(descriptor, shared=True):
            with suppress(OSError):  # another was first, or this user may only look
                path.unlink()
            return None
        data = os.pread(descriptor, 1 << 16, 0)
    finally:
        os.close(descriptor)
    told = json.loads(data) if data else {}
    return Needs(
        str(told.get("target", "")),
        told.get("max_runs"),
        int(told.get("gpus", 0)),
        tuple(told.get("devices", ())),
    )


@contextmanager
def _locked_now(path: Path) -> Iterator[bool]:
    """Hold the lock that others hold for a moment only; gives whether it could be had.

    It is never waited for: whoever has it may have been stopped.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield _is_free(descriptor)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int, *, shared: bool = False) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
