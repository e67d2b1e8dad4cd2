"""What is under way in a project: applies with their operations, runs and grids, as one view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.backend import ShowsLock
from amlplan.errors import AmlplanError
from amlplan.project.folders import provider_context
from amlplan.project.opening import state_backend
from amlplan.project.task_applies import apply_tasks
from amlplan.project.task_runs import run_tasks
from amlplan.project.workspaces import WORKSPACE, has_configuration, implicit_place, place_of
from amlplan.provider import has
from amlplan.registry import Registry
from amlplan.runs.due import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan.backend import Backend
    from amlplan.project.task import Task
    from amlplan.runs.place import RunPlace
    from amlplan_schemas.state import Record, State

ENDED = 20
"""Ended runs of a workspace that are shown where those that ended are asked for."""


@dataclass(slots=True)
class TaskView:
    """The tasks of the project in a folder, looked at again by each call of `tasks`.

    `failures` says what could not be looked at the last time.
    """

    root: Path
    failures: list[AmlplanError] = field(default_factory=list)
    backend: Backend | None = field(init=False)
    _registry: Registry = field(init=False)
    _places: dict[str, RunPlace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._registry = Registry(provider_context(self.root))
        self.backend = state_backend(self.root) if has_configuration(self.root) else None

    def tasks(self, *, with_ended: bool = False) -> list[Task]:
        """What is under way now, and what ended lately where that is asked for.

        Runs that nobody looks after any more are ended first, as by every look at runs. Blocks;
        raises StateError for a state that cannot be read.
        """
        self.failures.clear()
        state = self._state()
        found = list(self._applies(state, with_ended=with_ended))
        for place in self._places_of(state):
            try:
                self.failures.extend(bring_up_to_date(place))
                found += run_tasks(place, ended=ENDED if with_ended else 0)
            except AmlplanError as failure:
                self.failures.append(failure)
        return found

    def places(self) -> list[RunPlace]:
        """The workspaces that are applied here, or the one that goes without saying."""
        return list(self._places_of(self._state()))

    def _state(self) -> State | None:
        return self.backend.reader().read() if self.backend is not None else None

    def _places_of(self, state: State | None) -> Iterator[RunPlace]:
        records = state.records.values() if state is not None else ()
        applied = [item for item in records if item.kind == WORKSPACE and item.outputs.values]
        if not applied:
            yield self._place("", None)
            return
        for record in applied:
            try:
                yield self._place(record.address, record)
            except AmlplanError as failure:
                self.failures.append(failure)

    def _place(self, address: str, record: Record | None) -> RunPlace:
        place = self._places.get(address)
        if place is None:
            place = (
                implicit_place(self.root, self._registry)
                if record is None
                else place_of(record, self._registry)
            )
            self._places[address] = place
        return place

    def _applies(self, state: State | None, *, with_ended: bool) -> Iterator[Task]:
        if self.backend is None:
            return
        status = self.backend.lock_status() if has(self.backend, ShowsLock) else None
        yield from apply_tasks(status, state, with_ended=with_ended)
