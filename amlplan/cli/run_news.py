"""What a follower of a run is told beside its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.style import styled, visible
from amlplan.cli.text.run_errors import last_errors, stderr_text, was_just_shown
from amlplan.runs.hints import end_of

if TYPE_CHECKING:
    from amlplan.cli.console import Console
    from amlplan.history import RunDetail
    from amlplan.runs.place import RunPlace


def tell_news(console: Console, news: str) -> None:
    """Tell how the run stands, apart from what it prints."""
    console.error(f"{styled('yellow', 'Note:')} {visible(news)}")


def tell_last_errors(console: Console, run: RunDetail, place: RunPlace) -> None:
    """Show how standard error of a failed run ended, where the log does not end with it."""
    if run.summary.status != "Failed":
        return
    run_id = run.summary.id
    end = last_errors(place.history.records(run_id, "error"))
    if end and not was_just_shown(end, end_of(place.folder_of(run_id) / "log.txt")):
        console.error(stderr_text(end))
