"""The last status of a run, read off its event files as they grow."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.history import FINAL

if TYPE_CHECKING:
    from pathlib import Path


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
