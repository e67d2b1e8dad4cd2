"""How a run stands, for whoever follows it: its place in a queue, and whether it responds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.abilities import QueuesJobs
from amlplan.errors import AmlplanError
from amlplan.runs.responding import record_response, why_away
from amlplan.wording import counted

if TYPE_CHECKING:
    from amlplan.abilities import JobState
    from amlplan.runs.place import RunPlace


@dataclass(slots=True)
class Standing:
    """Looks at a run from time to time, and says what changed since."""

    run_id: str
    place: RunPlace
    _queued: int | None = None
    _state: JobState = "running"

    def news(self) -> str | None:
        """What a follower should know that he was not told; raises AmlplanError."""
        state = self.place.jobs.pull(self.run_id, self.place.folder_of(self.run_id))
        return self._of_response(state) or self._of_queue()

    def _of_response(self, state: JobState) -> str | None:
        if state == self._state or {state, self._state} != {"running", "silent"}:
            return None
        self._state = state
        with suppress(AmlplanError):  # who may only read is told all the same
            record_response(self.run_id, self.place, state)
        if state == "running":
            return "The run responds again."
        why = why_away(self.place.folder_of(self.run_id))
        if why is not None:
            return (
                f"The run does not respond: {why} It goes on there, and is asked again and again; "
                f"end it with: amlplan runs cancel {self.run_id}"
            )
        return (
            "The run does not respond: its supervisor is there and gives no sign of life. It goes "
            f"on when that does; end it with: amlplan runs cancel {self.run_id}"
        )

    def _of_queue(self) -> str | None:
        queued = place_in_queue(self.run_id, self.place)
        before, self._queued = self._queued, queued
        if queued == before:
            return None
        if queued is None:
            return "It is its turn now."
        if queued == 1:
            return "Queued: it is the next."
        return f"Queued: {counted(queued - 1, 'run')} before it."


def place_in_queue(run_id: str, place: RunPlace) -> int | None:
    """The place of a run in the queue of its target; None where it does not wait."""
    if not isinstance(place.jobs, QueuesJobs):
        return None
    return place.jobs.place_in_queue(run_id, place.folder_of(run_id))
