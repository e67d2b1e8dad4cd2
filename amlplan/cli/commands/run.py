"""`amlplan run`: runs a script and records it; gives the script's own exit code."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.grid_options import GridOptions, grid_options
from amlplan.cli.interrupt import stopping_on_signals
from amlplan.cli.options import Command, Option, assignments_of, flag, variable_options
from amlplan.cli.progress import Progress
from amlplan.cli.run_underway import RunUnderway
from amlplan.cli.single_run import check_stop, ending_as_runs_do
from amlplan.cli.starting_runs import Starting
from amlplan.cli.style import styled, visible
from amlplan.errors import EXIT_RUN
from amlplan.project.run_request import Asked, requested
from amlplan.runs.launch import prepare
from amlplan.runs.resume import earlier_run, resumed_origin, resumption_of
from amlplan.runs.snapshot_notes import notes_on
from amlplan.runs.sweeps import values_of

if TYPE_CHECKING:
    from collections.abc import Sequence


ARGUMENTS = "amlplan.run.arguments"


class RunCommand(Command):
    """The one command whose arguments may belong to a script, and whose exit code is another's."""

    failure_code = EXIT_RUN

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what stands behind `--` for the script."""
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[ARGUMENTS] = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])


@click.command("run", cls=RunCommand)
@click.argument("words", nargs=-1, metavar="[NAME|FILE] [-- ARGUMENTS]")
@click.option(
    "--p",
    "parameters",
    cls=Option,
    multiple=True,
    metavar="NAME=VALUE[,VALUE…]",
    help="Set a parameter; several values make a grid, a run for each combination.",
)
@grid_options
@click.option("--on", cls=Option, metavar="TARGET", help="Run on another compute target.")
@click.option("--history", cls=Option, metavar="NAME", help="Record it in another history.")
@click.option(
    "--resume",
    cls=Option,
    metavar="RUN",
    help="Start with the outputs of an earlier run at hand: an id, a number, or latest.",
)
@flag("detach", "Return when it has begun; it goes on by itself.")
@flag("json", "Print the record for machines at the end, and the log on standard error.")
@variable_options
@click.pass_context
def command(
    ctx: click.Context,
    words: tuple[str, ...],
    parameters: tuple[str, ...],
    on: str | None,
    history: str | None,
    parallelism: int | None,
    metric: str | None,
    goal: str | None,
    resume: str | None,
    *,
    detach: bool,
    json: bool,
) -> int:
    """Run a script, or what a run_config says, and record it in history.

    Exits with the script's own code, 125 where amlplan failed, 128 + N for signal N; of a grid
    with the worst code of its members.
    """
    given = _parameters(ctx, parameters)
    swept = {name: values for name, values in given.items() if len(values) > 1}
    how = GridOptions(swept, parallelism, metric, goal)
    how.check(ctx)
    asked = Asked(
        name=words[0] if words else None,
        parameters={name: values[0] for name, values in given.items()},
        arguments=(*words[1:], *ctx.meta[ARGUMENTS]),
        history=history,
        assignments=assignments_of(ctx),
        on=on,
    )
    # With -json, standard output is for the record alone.
    console = Console(sys.stderr if json else sys.stdout, sys.stderr)
    return ending_as_runs_do(
        console, lambda: _run(console, asked, how, resume, detach=detach, as_json=json)
    )


def _parameters(ctx: click.Context, given: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"-p takes NAME=VALUE, not {text!r}.", ctx)
        try:
            found[name] = values_of(value)
        except ValueError as failure:
            raise click.UsageError(f"-p {name}: {failure}.", ctx) from None
    return found


def _run(
    console: Console,
    asked: Asked,
    how: GridOptions,
    resume: str | None,
    *,
    detach: bool,
    as_json: bool,
) -> int:
    underway = RunUnderway()
    with stopping_on_signals(console.error, underway.cancel) as stop:
        with Progress(console) as progress:
            request, place, notes = requested(asked, progress, stop)
        for note in (*notes, *notes_on(request.source, place.cache_folder)):
            console.print(f"{styled('yellow', 'Note:')} {visible(note)}")
        check = partial(check_stop, stop)
        grid = how.grid_of(request, place)
        earlier = None if resume is None else earlier_run(resume, request.history, place)
        prepared = prepare(request, place, Path.cwd(), check)
        started = Starting(console, place, underway, stop, detach=detach, as_json=as_json)
        if earlier is not None:
            prepared = replace(prepared, resumption=resumption_of(earlier))
            started = replace(started, origin=resumed_origin(earlier))
        return started.run(request if grid is None else grid, prepared)
