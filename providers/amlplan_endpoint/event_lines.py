"""The events of a run's folder, each read once: what others append is seen at the next look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIECE = 4 * 1024 * 1024


class EventLines:
    """Reads on in each event file of a folder but one, which is this process's own."""

    def __init__(self, folder: Path, own: str = "") -> None:
        self._folder = folder
        self._own = own
        self._reached: dict[str, int] = {}

    def new(self) -> Iterator[dict[str, Any]]:
        """The events that were appended since, file by file; what is no event is left out."""
        for path in sorted(self._folder.glob("*.jsonl")):
            if path.name != self._own:
                yield from self._new_in(path)

    def _new_in(self, path: Path) -> Iterator[dict[str, Any]]:
        try:
            size = path.stat().st_size
            if size == self._reached.get(path.name, 0):
                return
            with path.open("rb") as file:
                file.seek(self._reached.get(path.name, 0))
                while lines := file.readlines(PIECE):
                    for line in lines:
                        if not line.endswith(b"\n"):
                            return
                        self._reached[path.name] = self._reached.get(path.name, 0) + len(line)
                        event = parsed(line)
                        if event is not None:
                            yield event
        except OSError:
            return


def parsed(line: bytes) -> dict[str, Any] | None:
    """The event of a line; None where it is none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("t"), int | float):
        return None
    return event
