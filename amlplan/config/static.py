"""Values that stand in the text itself, without anything to refer to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.scope import Scope
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from amlplan.config.syntax.nodes import Expression
    from amlplan.diagnostics import SourceFile
    from amlplan.values import Value

_EMPTY = Scope(
    values={}, functions={}, base_folder=Path(), resolve_secret=lambda _reference: UNKNOWN
)


def static_value(expression: Expression, source: SourceFile) -> tuple[Value, bool]:
    """The value of a literal expression, and whether it is one."""
    try:
        return evaluate(expression, _EMPTY, source), True
    except EvaluationError:
        return None, False
