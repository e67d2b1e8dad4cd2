"""Child runs: a new id for each, and one for all processes of a script of several."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from amlplan_endpoint.answers import FAILED, Refusal

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json
    from amlplan_endpoint.recording import Recording


class Children:
    """Makes the children of the runs of one recording."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._lock = threading.Lock()
        self._of_ranks: dict[str, list[str]] = {}
        self._counts: dict[tuple[str, int], int] = {}

    def start(self, parent: str, name: str, by: str, rank: int | None) -> str:
        """The id of a new child, which runs; raises Refusal.

        Processes with ranks do the same things: the third child that any of them starts is the
        third of all of them.
        """
        with self._lock:
            if rank is None:
                return self._start(parent, name, by)
            known = self._of_ranks.setdefault(parent, [])
            count = self._counts.get((parent, rank), 0)
            self._counts[parent, rank] = count + 1
            if count == len(known):
                known.append(self._start(parent, name, by))
            return known[count]

    def _start(self, parent: str, name: str, by: str) -> str:
        child = self._new_id(parent)
        described: Json = {
            "id": child,
            "number": None,
            "history": None,
            "name": name or child,
            "workspace": None,
            "parent": parent,
            "definition": {},
            "by": by or None,
            "host": None,
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        self._recording.record(child, "run", **described)
        self.set_status(child, "Running")
        return child

    def set_status(self, child: str, status: str) -> None:
        """Tell how a child stands."""
        fields = {"status": status, "reason": None, "exit_code": None, "attempt": 1}
        self._recording.record(child, "status", **fields)

    def _new_id(self, parent: str) -> str:
        """The next free id; an empty file takes it, as amlplan_run does in its processes."""
        number = sum(1 for run in self._recording.runs() if run.parent == parent)
        while True:
            number += 1
            path = self._recording.folder / "events" / f"{parent}.{number}.child"
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
            except FileExistsError:
                continue
            except OSError as failure:
                raise Refusal(FAILED, f"{path} cannot be made: {failure.strerror}.") from failure
            return f"{parent}.{number}"
