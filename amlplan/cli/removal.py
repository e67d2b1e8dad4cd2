"""The question before something is removed for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.interrupt import ending_on_signals
from amlplan.errors import PlanError

if TYPE_CHECKING:
    from amlplan.cli.console import Console


def is_removal_approved(console: Console, *, is_json: bool) -> bool:
    """Ask whether what was shown may go; raises PlanError where there is nobody to ask."""
    if is_json or not console.is_terminal:
        raise PlanError(
            "Approval is needed",
            "This removes things for good, and there is no terminal to ask at. See what with "
            "-dry-run, and remove it with -auto-approve.",
        )
    with ending_on_signals():
        answer = console.ask(
            "\nDo you want to remove this for good? Only 'yes' is taken as yes.\n\n"
            "  Enter a value: "
        )
    return answer == "yes"
