"""What a job takes of this host, of which others take something too, and how it waits for that."""

from __future__ import annotations

import errno
import json
import os
import select
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan_local.turns import DEVICES, NOTE, Needs, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan.abilities import Job

WAITING = (0.2, 0.05, 2.0)
"""Seconds between two looks at the queue: of the first in it, more for each before, at most."""
ENTERING = 10.0
"""Seconds after which nobody can be holding the queue but a process that was stopped."""


def needs_of(job: Job, environment: Mapping[str, str]) -> Needs:
    """What a job waits for; one that chooses graphics processors itself waits for none of them.

    Raises ValueError where it asks for more than this user may see.
    """
    share = job.share
    devices = _devices(share.gpu_count, environment.get(DEVICES))
    has_chosen = DEVICES in job.variables or DEVICES in job.secrets
    gpus = 0 if has_chosen or not share.gpu_count else share.gpus
    if gpus > len(devices):
        raise ValueError(f"it asks for {gpus} GPUs, and {DEVICES} leaves it {len(devices)} here")
    return Needs(share.target, share.max_runs, gpus, devices if gpus else ())


class Waiting:
    """A run that waits for its turn, where it needs one; its folder has a note of its ticket."""

    def __init__(self, task: Mapping[str, Any], folder: Path) -> None:
        needs = Needs(**{**task["needs"], "devices": tuple(task["needs"]["devices"])})
        self._note = folder / NOTE
        self._queue = task["queue"]
        self._turn = Turn(Path(task["queue"]), needs) if needs.is_limited else None
        self.is_over = self._turn is None

    @property
    def variables(self) -> dict[str, str]:
        """What the script is told of what it got."""
        if self._turn is None or not self._turn.devices:
            return {}
        return {DEVICES: ",".join(self._turn.devices)}

    def begin(self) -> bool:
        """Take a turn, or a place in the queue; whether the run may start. Raises OSError."""
        if self._turn is None:
            return True
        deadline = time.monotonic() + ENTERING
        while not self._turn.enter():
            if time.monotonic() > deadline:
                raise OSError(errno.EBUSY, "a process that was stopped holds it", self._queue)
            time.sleep(0.01)
        self.is_over = self._turn.take()
        if not self.is_over:
            self._write_note(self._turn)
        return self.is_over

    def go_on(self, wakes: int, is_canceled: Callable[[], bool]) -> bool:
        """Wait; whether the run may start, and is not canceled. `wakes` is readable by signals."""
        poll = select.poll()
        poll.register(wakes, select.POLLIN)
        while self._turn is not None and not self.is_over and not is_canceled():
            self.is_over = self._take(self._turn)
            first, more, most = WAITING
            seconds = 0.0 if self.is_over else min(first + more * self._turn.ahead, most)
            if poll.poll(seconds * 1000):
                os.read(wakes, 512)
        return self.is_over

    def _take(self, turn: Turn) -> bool:
        """Take a turn where it is this run's; a queue that fails costs the place, never the run."""
        try:
            return turn.take()
        except FileNotFoundError:  # somebody removed the queue
            with suppress(OSError):
                turn.end()
                if turn.enter():
                    self._write_note(turn)
        except OSError:  # as where no descriptor is free: it is tried again
            return False
        return False

    def _write_note(self, turn: Turn) -> None:
        self._note.write_text(json.dumps({"folder": self._queue, "ticket": turn.name}))

    def end(self) -> None:
        """Let others have what this run had, or its place in the queue."""
        if self._turn is not None:
            self._turn.end()


def _devices(count: int, visible: str | None) -> tuple[str, ...]:
    """The graphics processors of this host, those only that this user let us see."""
    if visible is None:
        return tuple(str(number) for number in range(count))
    return tuple(name.strip() for name in visible.split(",") if name.strip() not in {"", "-1"})
