"""What an interrupt of `amlplan run` has to end."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError
from amlplan.runs.canceling import cancel

if TYPE_CHECKING:
    import threading

    from amlplan.history import RunSummary
    from amlplan.runs.place import RunPlace


@dataclass(slots=True)
class RunUnderway:
    """The run or grid that an interrupt has to end, also one that ends this process at once."""

    run: RunSummary | None = None
    place: RunPlace | None = None
    _is_canceled: bool = False

    def cancel_once(self, stop: threading.Event) -> None:
        """Cancel it where the user asked to stop."""
        if stop.is_set() and not self._is_canceled:
            self._is_canceled = True
            with suppress(AmlplanError):  # it ended meanwhile
                self.cancel()

    def cancel(self) -> None:
        """Ask for its end, where it has begun."""
        if self.run is not None and self.place is not None:
            cancel(self.run.id, self.place)
