"""The exit code of a command that sees a run to its end: the script's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import EXIT_RUN

if TYPE_CHECKING:
    from amlplan.history import RunSummary


def exit_code_of(run: RunSummary) -> int:
    """The script's own code; a run that ended without one failed for amlplan's reasons."""
    if run.status == "Completed":
        return 0
    return run.exit_code or EXIT_RUN
