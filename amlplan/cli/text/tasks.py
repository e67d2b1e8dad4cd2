"""Tasks as people and machines read them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from amlplan.cli.text.runs import duration_text, on_one_line, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan.project.task import Task

FORMAT_VERSION = "1.0"


def tasks_table(tasks: Iterable[Task], now: float) -> str:
    """A line for each task; what belongs to another is below it."""
    return table(
        ("TASK", "KIND", "NAME", "PHASE", "TOOK", "PROGRESS"),
        (
            (
                f"  {task.id}" if task.parent else task.id,
                task.kind,
                task.name,
                task.phase,
                duration_text(seconds_of(task, now)),
                task.progress,
            )
            for task in in_order(tasks)
        ),
    )


def task_line(task: Task, now: float) -> str:
    """A task in a line, for where nothing is replaced in place."""
    progress = f" ({on_one_line(task.progress)})" if task.progress else ""
    seconds = seconds_of(task, now)
    took = "" if seconds is None or task.is_active else f" after {duration_text(seconds)}"
    name = f"{on_one_line(task.id)}: {task.kind} {on_one_line(task.name)}"
    return f"{name}: {task.phase}{took}{progress}"


def task_json(task: Task, now: float) -> dict[str, Any]:
    """A task for machines; times are unix times, `seconds` how long it took or takes."""
    return {**asdict(task), "seconds": seconds_of(task, now)}


def seconds_of(task: Task, now: float) -> float | None:
    """How long a task took, or takes until now."""
    if task.started is None or (task.ended is None and not task.is_active):
        return None
    return max(0.0, (now if task.ended is None else task.ended) - task.started)


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """The tasks with what belongs to each right below it."""
    every = list(tasks)
    known = {task.id for task in every}
    tops = [task for task in every if task.parent not in known]
    below = {top.id: [task for task in every if task.parent == top.id] for top in tops}
    return [task for top in tops for task in (top, *below[top.id])]
