"""`amlplan run` with several values for a parameter: a grid, watched and compared."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.cli.console import Console, OutputError
from amlplan.cli.refreshed import Refreshed
from amlplan.cli.run_exit import exit_code_of
from amlplan.cli.style import styled, visible
from amlplan.cli.text.grids import grid_json, grid_table, member_text, progress_lines
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.runs import ending_text, run_name
from amlplan.errors import EXIT_INTERRUPTED
from amlplan.history import FINAL
from amlplan.runs.conducted import members_of
from amlplan.runs.conductor import start_grid
from amlplan.runs.grids import MEMBER, combination_text, combinations_of
from amlplan.runs.watching import watch
from amlplan.wording import counted

if TYPE_CHECKING:
    import threading

    from amlplan.cli.run_underway import RunUnderway
    from amlplan.history import RunDetail, RunSummary
    from amlplan.runs.grids import Grid
    from amlplan.runs.launch import Origin, Prepared
    from amlplan.runs.place import RunPlace


@dataclass(slots=True)
class _Shown:
    """A grid while it runs: in place on a terminal, a line for each change elsewhere."""

    console: Console
    place: RunPlace
    block: Refreshed
    combinations: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)

    def __call__(self, grid: RunDetail) -> None:
        self._learn(grid)
        lines = progress_lines(grid, self.combinations, time.time(), self.block.room)
        self.block.show(lines)
        if not self.block.is_in_place:
            for member in grid.children:
                self._tell(member)

    def _learn(self, grid: RunDetail) -> None:
        every = combinations_of(grid.definition)
        for member in grid.children:
            if member.id not in self.combinations:
                number = self.place.history.run(member.id).definition[MEMBER]
                self.combinations[member.id] = combination_text(every[number])

    def _tell(self, member: RunSummary) -> None:
        """Say that a member began to run, and that it ended."""
        before = self.told.get(member.id)
        is_news = member.status in FINAL or (before is None and member.status == "Running")
        if is_news and before != member.status:
            self.told[member.id] = member.status
            with suppress(BrokenPipeError, OutputError):
                self.console.print(member_text(member, self.combinations[member.id]))


def run_grid(
    console: Console,
    grid: Grid,
    prepared: Prepared,
    place: RunPlace,
    underway: RunUnderway,
    stop: threading.Event,
    *,
    detach: bool,
    as_json: bool,
    origin: Origin | None = None,
) -> int:
    """Start a grid, watch it to its end and compare its members; gives the exit code."""
    run = start_grid(grid, prepared, place, origin=origin)
    members = counted(len(grid.members), "member")
    console.print(
        f"{styled('bold', run_name(run))} ({visible(run.name)}) as {run.id}: "
        f"{members}, {grid.parallelism} at once"
    )
    underway.run, underway.place = run, place
    if detach:
        console.print(f"It goes on by itself; look at it with: amlplan runs show {run.id}")
        detail = place.history.run(run.id)
    else:
        block = Refreshed(console)
        try:
            detail = watch(
                run.id,
                place,
                _Shown(console, place, block),
                lambda: underway.cancel_once(stop),
            )
        finally:
            block.clear()
        console.print(grid_table(detail, members_of(run.id, place)))
        console.print(ending_text(detail))
    if as_json:
        text = json_text(grid_json(detail, members_of(run.id, place)))
        Console(sys.stdout, sys.stderr).print(text)
    if stop.is_set() and not detach:
        return EXIT_INTERRUPTED
    return 0 if detach else exit_code_of(detail.summary)
