"""What changed about tasks between two looks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from amlplan.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amlplan.project.task import Task


@dataclass(frozen=True, slots=True)
class Change:
    """A task that began, that says something new, or that ended."""

    type: Literal["task_start", "task_progress", "task_end"]
    task: Task


@dataclass(slots=True)
class Changes:
    """Remembers tasks from look to look."""

    _known: dict[str, Task] = field(default_factory=dict)

    def between(self, tasks: Iterable[Task]) -> Iterator[Change]:
        """What changed since the last look; what had ended before the first one is no news."""
        seen: dict[str, Task] = {}
        for task in tasks:
            seen[task.id] = task
            before = self._known.get(task.id)
            if before is None and task.is_active:
                yield Change("task_start", task)
            elif before is not None and before.is_active and not task.is_active:
                yield Change("task_end", task)
            elif before is not None and task.is_active and _said(before) != _said(task):
                yield Change("task_progress", task)
        for name, task in self._known.items():
            if name not in seen and task.is_active:
                # Operations and applies are gone when they are over.
                yield Change("task_end", replace(task, phase="Over", is_active=False))
        self._known = seen


def _said(task: Task) -> tuple[str, str]:
    return task.phase, task.progress


def wanted_of(tasks: Iterable[Task], name: str | None) -> list[Task]:
    """The tasks that a name means, by an id or its beginning, with what belongs to them."""
    every = list(tasks)
    if name is None:
        return every
    ids = {task.id for task in every if task.id == name}
    ids = ids or {task.id for task in every if task.id.startswith(name)}
    return [task for task in every if task.id in ids or task.parent in ids]


def no_task(name: str) -> RunError:
    """What to tell somebody who names a task that is not there."""
    return RunError(
        "No such task",
        f"Nothing here is called {name}. See what goes on with: amlplan tasks list",
    )
