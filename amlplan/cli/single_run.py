"""One run of `amlplan run`: started, followed to its end, and told."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from amlplan.cli.console import Console
from amlplan.cli.run_exit import exit_code_of
from amlplan.cli.run_news import tell_last_errors, tell_news
from amlplan.cli.style import styled, visible
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import run_json
from amlplan.cli.text.runs import ending_text, run_name
from amlplan.errors import EXIT_INTERRUPTED, EXIT_RUN, AmlplanError, CanceledError
from amlplan.runs.due import end_children
from amlplan.runs.follow import follow
from amlplan.runs.hints import missing_file_hint
from amlplan.runs.launch import start

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from amlplan.cli.run_underway import RunUnderway
    from amlplan.history import RunDetail, RunSummary
    from amlplan.runs.launch import Origin, Prepared
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunRequest


def ending_as_runs_do(console: Console, run: Callable[[], int]) -> int:
    """The code that a command which runs something exits with; failures are printed."""
    try:
        return run()
    except CanceledError as failure:
        console.failure(failure)
        return EXIT_INTERRUPTED
    except AmlplanError as failure:
        console.failure(failure)
        return EXIT_RUN


def run_single(
    console: Console,
    request: RunRequest,
    prepared: Prepared,
    place: RunPlace,
    underway: RunUnderway,
    stop: threading.Event,
    *,
    detach: bool,
    as_json: bool,
    origin: Origin | None = None,
) -> int:
    """Start a run, pass on its log until it has ended, and tell how; gives the exit code."""
    run = start(request, prepared, place, lambda: check_stop(stop), origin)
    console.print(f"{styled('bold', run_name(run))} ({visible(run.name)}) as {run.id}")
    if detach:
        console.print(f"Follow it with: amlplan runs logs {run.id} -follow")
    else:
        underway.run, underway.place = run, place
        with console.raw() as write:
            follow(
                run.id,
                place,
                write,
                lambda: underway.cancel_once(stop),
                lambda news: tell_news(console, news),
            )
    interrupted = stop.is_set() and not detach
    detail = _recorded(run, place)
    if not detach:
        tell_last_errors(console, detail, place)
        console.print(ending_text(detail))
        _hint(console, detail, request, place)
    if as_json:
        Console(sys.stdout, sys.stderr).print(json_text(run_json(detail)))
    if interrupted:
        return EXIT_INTERRUPTED
    return 0 if detach else exit_code_of(detail.summary)


def check_stop(stop: threading.Event) -> None:
    """Raise CanceledError where the user asked to stop."""
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
