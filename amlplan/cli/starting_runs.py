"""Starts what a command asks for, one run or a grid, and sees it through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.cli.single_run import run_single
from amlplan.runs.request import RunRequest

if TYPE_CHECKING:
    import threading

    from amlplan.cli.console import Console
    from amlplan.cli.run_underway import RunUnderway
    from amlplan.runs.grids import Grid
    from amlplan.runs.launch import Origin, Prepared
    from amlplan.runs.place import RunPlace


@dataclass(frozen=True, slots=True)
class Starting:
    """How a command starts runs: where, who may stop it, what is printed."""

    console: Console
    place: RunPlace
    underway: RunUnderway
    stop: threading.Event
    detach: bool
    as_json: bool
    origin: Origin | None = None

    def run(self, wanted: RunRequest | Grid, prepared: Prepared) -> int:
        """Start it, and see it to its end unless it is detached; gives the exit code."""
        if isinstance(wanted, RunRequest):
            return run_single(
                self.console,
                wanted,
                prepared,
                self.place,
                self.underway,
                self.stop,
                detach=self.detach,
                as_json=self.as_json,
                origin=self.origin,
            )
        from amlplan.cli.grid_run import run_grid

        return run_grid(
            self.console,
            wanted,
            prepared,
            self.place,
            self.underway,
            self.stop,
            detach=self.detach,
            as_json=self.as_json,
            origin=self.origin,
        )
