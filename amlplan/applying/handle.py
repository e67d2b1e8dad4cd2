"""What a provider call gets from the executor to report to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import CanceledError
from amlplan.events import Progressed

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from amlplan.backend import StateWriter
    from amlplan.events import EventSink
    from amlplan.secrets import Secrets
    from amlplan_schemas.base import JsonValue


class Handle:
    """What a provider call reports to; see `amlplan.provider.OperationHandle`."""

    def __init__(
        self,
        address: str,
        steps: Mapping[str, JsonValue],
        writer: StateWriter,
        emit: EventSink,
        stop: threading.Event,
        secrets: Secrets,
    ) -> None:
        self._address = address
        self._steps = dict(steps)
        self._writer = writer
        self._emit = emit
        self._stop = stop
        self._secrets = secrets

    @property
    def steps(self) -> Mapping[str, JsonValue]:
        """The steps done, by this attempt and an interrupted one."""
        return self._steps

    def step(self, name: str, data: JsonValue = None) -> None:
        """Journal that a step is done."""
        kept = self._secrets.masked(data)
        self._writer.step(self._address, name, kept)
        self._steps[name] = kept

    def progress(self, text: str) -> None:
        """Show what is going on."""
        self._emit(Progressed(self._address, self._secrets.masked(text)))

    def check_cancelled(self) -> None:
        """Raise CanceledError where the user asked to stop."""
        if self._stop.is_set():
            raise CanceledError("Interrupted", "The operation stopped because you asked.")
