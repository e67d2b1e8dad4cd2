"""Which run is the current one: the script's own, or the child whose block is being executed."""

import os
import time

from amlplan_run.recorder import Recorder
from amlplan_run.run import Run

try:
    from contextvars import ContextVar
except ImportError:  # Python 3.6
    from amlplan_run.threads import ContextVar  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional


class Context:
    """Finds the current run; the script's own is made on first use."""

    def __init__(self) -> None:
        self._inner: "ContextVar[Optional[Run]]" = ContextVar("amlplan_run", default=None)
        self._made: "List[Run]" = []

    def current(self) -> Run:
        """The innermost run of this thread or task, by default the script's."""
        return self._inner.get() or self.own()

    def enter(self, run: Run) -> object:
        """Make a run the current one; gives what `leave` takes."""
        return self._inner.set(run)

    def leave(self, token: object) -> None:
        """Go back to the run that was current before."""
        self._inner.reset(token)  # type: ignore[arg-type]

    def own(self) -> Run:
        """The script's own run, inside the block of a child too."""
        if not self._made:
            self._made.append(self._make())
        return self._made[0]  # where two threads came at once, both take the first

    def _make(self) -> Run:
        recorder = Recorder()
        identity = os.environ.get("AMLPLAN_RUN_ID", "")
        parent = os.environ.get("AMLPLAN_RUN_PARENT") or None
        if recorder.is_alone or not identity:
            identity = "local_%d_%s" % (time.time(), os.urandom(4).hex())
        return Run(identity, parent, recorder, self)
