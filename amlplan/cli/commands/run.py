"""`amlplan run`: runs a script and records it; gives the script's own exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.interrupt import stopping_on_signals
from amlplan.cli.options import Command, Option, assignments_of, flag, variable_options
from amlplan.cli.progress import Progress
from amlplan.cli.run_request import Asked, requested
from amlplan.cli.style import styled, visible
from amlplan.cli.text.run_json import run_json
from amlplan.cli.text.runs import duration_text, metric_rows, run_name, status_text
from amlplan.errors import EXIT_INTERRUPTED, EXIT_RUN, AmlplanError
from amlplan.runs.follow import follow
from amlplan.runs.hints import missing_file_hint
from amlplan.runs.launch import launch

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from amlplan.history import RunDetail, RunSummary
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunRequest


@click.command("run", cls=Command)
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
    console = Console(sys.stdout, sys.stderr)
    asked = Asked(
        name=words[0] if words else None,
        parameters=_parameters(ctx, parameters),
        arguments=words[1:],
        history=history,
        assignments=assignments_of(ctx),
    )
    say = console.error if json else console.print
    try:
        return _run(console, asked, say, detach=detach, as_json=json)
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


def _run(
    console: Console, asked: Asked, say: Callable[[str], None], *, detach: bool, as_json: bool
) -> int:
    with stopping_on_signals(console) as stop:
        with Progress(console) as progress:
            request, place, notes = requested(asked, progress, stop)
        for note in notes:
            say(f"{styled('yellow', 'Note:')} {visible(note)}")
        if stop.is_set():
            return EXIT_INTERRUPTED
        run = launch(request, place, Path.cwd())
        say(f"{styled('bold', run_name(run))} ({visible(run.name)}) as {run.id}")
        if detach:
            say(f"Follow it with: amlplan runs logs {run.id} -follow")
            return 0
        _follow(run, place, stop, to_error=as_json)
        interrupted = stop.is_set()
    detail = _recorded(run, place)
    if as_json:
        console.print(json.dumps(run_json(detail), indent=2, ensure_ascii=False))
    else:
        say(_ending(detail))
        _hint(console, detail, request, place)
    return EXIT_INTERRUPTED if interrupted else _code(detail)


def _follow(run: RunSummary, place: RunPlace, stop: threading.Event, *, to_error: bool) -> None:
    """Show the log until the run has ended; an interrupt cancels it."""
    stream = sys.stderr if to_error else sys.stdout
    canceled = False

    def write(data: bytes) -> None:
        buffer = getattr(stream, "buffer", None)
        if buffer is None:
            stream.write(data.decode(errors="replace"))
        else:
            buffer.write(data)
        stream.flush()

    def check() -> None:
        nonlocal canceled
        if stop.is_set() and not canceled:
            canceled = True
            place.jobs.cancel(run.id, place.folder_of(run.id))

    follow(run.id, place, write, check)


def _recorded(run: RunSummary, place: RunPlace) -> RunDetail:
    place.history.sync(run.id, wait=True)
    return place.history.run(run.id)


def _ending(run: RunDetail) -> str:
    summary = run.summary
    why = f" ({visible(summary.reason)})" if summary.reason else ""
    line = f"{run_name(summary)}: {status_text(summary.status)}{why}"
    line += f" after {duration_text(summary.duration)}"
    shown = [f"{visible(name)} = {text}" for name, text in metric_rows(run.metrics)]
    files = len(run.outputs)
    if files:
        shown.append(f"{files} output{'' if files == 1 else 's'} kept")
    if run.left_out:
        shown.append(f"{len(run.left_out)} not kept (see: amlplan runs show {summary.id})")
    return "\n".join([styled("bold", line), *(f"  {item}" for item in shown)])


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
