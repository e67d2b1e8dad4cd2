"""`amlplan run`: runs a script and records it; gives the script's own exit code."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.interrupt import stopping_on_signals
from amlplan.cli.options import Command, Option, assignments_of, flag, variable_options
from amlplan.cli.progress import Progress
from amlplan.cli.run_request import Asked, requested
from amlplan.cli.style import styled, visible
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import run_json
from amlplan.cli.text.runs import ending_text, run_name
from amlplan.errors import EXIT_INTERRUPTED, EXIT_RUN, AmlplanError, CanceledError
from amlplan.runs.due import end_children
from amlplan.runs.follow import follow
from amlplan.runs.hints import missing_file_hint
from amlplan.runs.launch import launch
from amlplan.runs.snapshot_notes import notes_on

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from amlplan.history import RunDetail, RunSummary
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunRequest

ARGUMENTS = "amlplan.run.arguments"


class RunCommand(Command):
    """The one command whose arguments may belong to a script, and whose exit code is another's."""

    failure_code = EXIT_RUN

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what stands behind `--` for the script."""
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[ARGUMENTS] = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])


@dataclass(slots=True)
class _Underway:
    """The run that an interrupt has to end, also one that ends this process at once."""

    run: RunSummary | None = None
    place: RunPlace | None = None
    _is_canceled: bool = False

    def cancel_once(self, stop: threading.Event) -> None:
        """Cancel it where the user asked to stop."""
        if stop.is_set() and not self._is_canceled:
            self._is_canceled = True
            self.cancel()

    def cancel(self) -> None:
        """Ask for its end, where it has begun."""
        if self.run is not None and self.place is not None:
            self.place.jobs.cancel(self.run.id, self.place.folder_of(self.run.id))


@click.command("run", cls=RunCommand)
@click.argument("words", nargs=-1, metavar="[NAME|FILE] [-- ARGUMENTS]")
@click.option(
    "--p", "parameters", cls=Option, multiple=True, metavar="NAME=VALUE", help="Set a parameter."
)
@click.option("--history", cls=Option, metavar="NAME", help="Record it in another history.")
@flag("detach", "Return when it has begun; it goes on by itself.")
@flag("json", "Print the record for machines at the end, and the log on standard error.")
@variable_options
@click.pass_context
def command(
    ctx: click.Context,
    words: tuple[str, ...],
    parameters: tuple[str, ...],
    history: str | None,
    *,
    detach: bool,
    json: bool,
) -> int:
    """Run a script, or what a run_config says, and record it in history.

    Exits with the script's own code, 125 where amlplan failed, 128 + N for signal N.
    """
    asked = Asked(
        name=words[0] if words else None,
        parameters=_parameters(ctx, parameters),
        arguments=(*words[1:], *ctx.meta[ARGUMENTS]),
        history=history,
        assignments=assignments_of(ctx),
    )
    # With -json, standard output is for the record alone.
    console = Console(sys.stderr if json else sys.stdout, sys.stderr)
    try:
        return _run(console, asked, detach=detach, as_json=json)
    except CanceledError as failure:
        console.failure(failure)
        return EXIT_INTERRUPTED
    except AmlplanError as failure:
        console.failure(failure)
        return EXIT_RUN


def _parameters(ctx: click.Context, given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"-p takes NAME=VALUE, not {text!r}.", ctx)
        found[name] = value
    return found


def _run(console: Console, asked: Asked, *, detach: bool, as_json: bool) -> int:
    underway = _Underway()
    with stopping_on_signals(console.error, underway.cancel) as stop:
        with Progress(console) as progress:
            request, place, notes = requested(asked, progress, stop)
        for note in (*notes, *notes_on(request.source, place.cache_folder)):
            console.print(f"{styled('yellow', 'Note:')} {visible(note)}")
        run = launch(request, place, Path.cwd(), lambda: _check_stop(stop))
        console.print(f"{styled('bold', run_name(run))} ({visible(run.name)}) as {run.id}")
        if detach:
            console.print(f"Follow it with: amlplan runs logs {run.id} -follow")
        else:
            underway.run, underway.place = run, place
            with console.raw() as write:
                follow(run.id, place, write, lambda: underway.cancel_once(stop))
        interrupted = stop.is_set() and not detach
    detail = _recorded(run, place)
    if not detach:
        console.print(ending_text(detail))
        _hint(console, detail, request, place)
    if as_json:
        Console(sys.stdout, sys.stderr).print(json_text(run_json(detail)))
    if interrupted:
        return EXIT_INTERRUPTED
    return 0 if detach else _code(detail)


def _check_stop(stop: threading.Event) -> None:
    if stop.is_set():
        raise CanceledError("Interrupted", "The run was not started, because you asked to stop.")


def _recorded(run: RunSummary, place: RunPlace) -> RunDetail:
    place.history.sync(run.id, wait=True)
    detail = place.history.run(run.id)
    if detail.children:
        end_children(place, place.history.unfinished())
        detail = place.history.run(run.id)
    return detail


def _hint(console: Console, run: RunDetail, request: RunRequest, place: RunPlace) -> None:
    """Say why a file was missing that stands in the source folder."""
    if run.summary.status != "Failed":
        return
    hint = missing_file_hint(request.source, place.folder_of(run.summary.id))
    if hint is not None:
        console.error(f"\n{styled('yellow', 'Hint:')} {visible(hint)}")


def _code(run: RunDetail) -> int:
    """The script's own code; a run that ended without one failed for amlplan's reasons."""
    code = run.summary.exit_code
    if run.summary.status == "Completed":
        return 0
    return code or EXIT_RUN
