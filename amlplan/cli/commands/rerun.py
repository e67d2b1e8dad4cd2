"""`amlplan runs rerun`: a run once more, from what was recorded of it."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.interrupt import stopping_on_signals
from amlplan.cli.options import Command, assignments_of, flag, variable_options
from amlplan.cli.progress import Progress
from amlplan.cli.run_options import RUN_HELP, opened, run_options
from amlplan.cli.run_underway import RunUnderway
from amlplan.cli.single_run import check_stop, ending_as_runs_do
from amlplan.cli.starting_runs import Starting
from amlplan.errors import EXIT_RUN
from amlplan.project.rerun import repeated_request
from amlplan.runs.grids import Grid, is_grid
from amlplan.runs.rerun import check_repeatable, origin_of, prepare_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.config.evaluating.variables import Assignment
    from amlplan.history import RunDetail
    from amlplan.runs.place import RunPlace


class RerunCommand(Command):
    """Exits with a script's code, and so with another one than usual where it cannot be run."""

    failure_code = EXIT_RUN


@click.command("rerun", cls=RerunCommand, epilog=RUN_HELP)
@click.argument("run")
@run_options
@flag("changed-inputs", "Take inputs as they are now where they changed.")
@flag("detach", "Return when it has begun; it goes on by itself.")
@flag("json", "Print the record for machines at the end, and the log on standard error.")
@variable_options
@click.pass_context
def rerun_command(
    ctx: click.Context,
    run: str,
    workspace: str | None,
    history: str | None,
    *,
    changed_inputs: bool,
    detach: bool,
    json: bool,
) -> int:
    """Run a RUN once more: the same snapshot, environment, inputs and parameters; or a grid.

    The folder as it is now has no say in it. Exits as amlplan run does.
    """
    console = Console(sys.stderr if json else sys.stdout, sys.stderr)
    assignments = assignments_of(ctx)

    def repeat() -> int:
        place = opened(console, workspace)
        found = place.history.run(run, history=history)
        return _rerun(
            console, found, place, assignments, takes=changed_inputs, detach=detach, as_json=json
        )

    return ending_as_runs_do(console, repeat)


def _rerun(
    console: Console,
    run: RunDetail,
    place: RunPlace,
    assignments: Sequence[Assignment],
    *,
    takes: bool,
    detach: bool,
    as_json: bool,
) -> int:
    check_repeatable(run)
    underway = RunUnderway()
    with stopping_on_signals(console.error, underway.cancel) as stop:
        with Progress(console) as progress:
            request = repeated_request(run, assignments, progress, stop, Path.cwd())
        prepared = prepare_again(run, place, partial(check_stop, stop), takes_changes=takes)
        starting = Starting(
            console,
            place,
            underway,
            stop,
            detach=detach,
            as_json=as_json,
            origin=origin_of(run),
        )
        wanted = Grid.again(request, run.definition) if is_grid(run.definition) else request
        return starting.run(wanted, prepared)
