"""What a lookup or a build reports to where no operation is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import CanceledError
from amlplan.events import Progressed

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from amlplan.events import EventSink
    from amlplan_schemas.base import JsonValue


class ProgressHandle:
    """What a resolution reports to, outside of any operation."""

    def __init__(self, address: str, progress: EventSink, stop: threading.Event) -> None:
        self._address = address
        self._progress = progress
        self._stop = stop

    @property
    def steps(self) -> Mapping[str, JsonValue]:
        """None: a resolution is repeated whole."""
        return {}

    def step(self, name: str, data: JsonValue = None) -> None:
        """Nothing is kept of a resolution but its result."""

    def progress(self, text: str) -> None:
        """Tell people what is going on."""
        self._progress(Progressed(self._address, text))

    def check_cancelled(self) -> None:
        """Raise CanceledError where the user asked to stop."""
        if self._stop.is_set():
            raise CanceledError("Interrupted", "The resolution stopped because you asked.")
