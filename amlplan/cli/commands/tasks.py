"""`amlplan tasks`: applies, builds, deployments and runs that go on, in one view."""

from __future__ import annotations

import json as json_module
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.interrupt import ending_on_signals
from amlplan.cli.options import Command, CommandGroup, flag
from amlplan.cli.refreshed import Refreshed
from amlplan.cli.run_options import warned
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.tasks import FORMAT_VERSION, task_json, task_line, tasks_table
from amlplan.cli.watched_tasks import Changes, no_task, wanted_of
from amlplan.errors import HistoryError
from amlplan.project.canceled_task import cancel_apply, cancel_run, is_apply
from amlplan.project.tasks import TaskView

if TYPE_CHECKING:
    from amlplan.cli.watched_tasks import Change

TASK_HELP = "A TASK is the id of a run, the beginning of one, or apply."
PAUSE = 1.0


@click.group("tasks", cls=CommandGroup)
def command() -> None:
    """Look at what goes on: applies, builds, deployments and runs; end it."""


@command.command("list", cls=Command)
@flag("all", "Show what ended lately, too.")
@flag("json", "Print for machines.")
def list_command(*, all: bool, json: bool) -> int:  # noqa: A002 - the option's name
    """List what is under way."""
    console = Console(sys.stdout, sys.stderr)
    view = TaskView(Path.cwd())
    tasks, now = view.tasks(with_ended=all), time.time()
    for failure in view.failures:
        warned(console, str(failure))
    if json:
        shown = [task_json(task, now) for task in tasks]
        console.print(json_text({"format_version": FORMAT_VERSION, "tasks": shown}))
    elif tasks:
        console.print(tasks_table(tasks, now))
    else:
        console.print("Nothing is under way. See what ended with: amlplan tasks list -all")
    return 0


@command.command("watch", cls=Command, epilog=TASK_HELP)
@click.argument("task", required=False)
@flag("json", "Print each change for machines, as a line of JSON.")
def watch_command(task: str | None, *, json: bool) -> int:
    """Watch a TASK until it has ended, or everything until nothing is under way.

    In place on a terminal, a line for each change elsewhere.
    """
    console = Console(sys.stdout, sys.stderr)
    view, changes, block = TaskView(Path.cwd()), Changes(), Refreshed(console)
    if task is not None and not wanted_of(view.tasks(with_ended=True), task):
        raise no_task(task)
    with ending_on_signals():
        while True:
            tasks, now = wanted_of(view.tasks(with_ended=True), task), time.time()
            active = [item for item in tasks if item.is_active]
            in_place = block.is_in_place and not json
            if in_place:
                block.show(tasks_table(active, now).splitlines() if active else [])
            for change in changes.between(tasks):
                if json:
                    console.print(_line(change, now))
                elif not in_place or not change.task.is_active:
                    block.clear()
                    console.print(task_line(change.task, now))
            if not active:
                return 0
            time.sleep(PAUSE)


def _line(change: Change, now: float) -> str:
    return json_module.dumps({"type": change.type, "task": task_json(change.task, now)})


@command.command("cancel", cls=Command, epilog=TASK_HELP)
@click.argument("task")
def cancel_command(task: str) -> int:
    """End a TASK: a run or grid, or the apply that goes on, which stops in good order."""
    console = Console(sys.stdout, sys.stderr)
    view = TaskView(Path.cwd())
    if is_apply(task):
        holder = cancel_apply(view.backend)
        asked = holder and f"Asked {holder.command} (process {holder.pid}) to stop in good order."
        console.print(asked or "Nothing applies here now.")
        return 0
    view.tasks()
    for place in view.places():
        try:
            run = place.history.run(task).summary
        except HistoryError:
            continue
        asked = "Asked it to end" if cancel_run(run, place) else "It has ended already"
        console.print(f"{run.id}: {asked}.")
        return 0
    raise no_task(task)
