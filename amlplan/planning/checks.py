"""The `check` blocks of a configuration: notes where they do not hold, or errors if they say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_schemas.plan import Note

if TYPE_CHECKING:
    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.diagnostics import Diagnostic


def checked(evaluation: Evaluation) -> tuple[list[Diagnostic], list[Note]]:
    """What of the checks does not hold as things are known now: errors, and notes."""
    problems: list[Diagnostic] = []
    notes: list[Note] = []
    for name, is_error, broken in evaluation.checks():
        if is_error:
            problems += broken
        else:
            notes += [Note(code=item.code, text=item.detail, address=name) for item in broken]
    return problems, notes
