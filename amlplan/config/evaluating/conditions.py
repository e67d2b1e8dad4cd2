"""Conditions that the configuration states: whether they hold, and what is said where not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.config.expressions.conversion import as_bool, as_text
from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.marks import unmarked
from amlplan.diagnostics import Diagnostic, error
from amlplan.values import UNKNOWN, is_sensitive, is_wholly_known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan.config.blocks import Condition
    from amlplan.config.expressions.scope import Scope


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of conditions: those that do not hold, each with its own message.

    `is_open` tells that another depends on what is not known yet.
    """

    broken: tuple[Diagnostic, ...] = ()
    is_open: bool = False


def broken_conditions(
    conditions: Iterable[Condition], scope: Scope, code: str, summary: str, context: str
) -> tuple[Diagnostic, ...]:
    """The conditions that do not hold, each with its own message; what is not known yet may."""
    return verdict_on(conditions, scope, code, summary, context).broken


def verdict_on(
    conditions: Iterable[Condition], scope: Scope, code: str, summary: str, context: str
) -> Verdict:
    """What is known of some conditions."""
    problems: list[Diagnostic] = []
    is_open = False
    for condition in conditions:
        try:
            holds = _holds(condition, scope, context)
            is_open = is_open or holds is None
            if holds is False:
                detail = _message(condition, scope)
                problems.append(error(code, summary, detail, condition.condition.range))
        except EvaluationError as failure:
            problems += failure.diagnostics
    return Verdict(tuple(item.within(context) for item in problems), is_open)


def _holds(condition: Condition, scope: Scope, context: str) -> bool | None:
    """Whether a condition holds, None where that is not known yet."""
    placed = condition.condition
    value, _ = unmarked(evaluate(placed.expression, scope, placed.source))
    if value is UNKNOWN:
        return None
    flag = as_bool(value)
    if flag is not None:
        return flag
    text = "A condition must be true or false."
    raise EvaluationError(
        error("invalid_condition", "Invalid condition", text, placed.range, context=context)
    )


def _message(condition: Condition, scope: Scope) -> str:
    """What the configuration says where a condition does not hold."""
    placed = condition.error_message
    message = evaluate(placed.expression, scope, placed.source)
    if is_sensitive(message):
        return "What is said about it is sensitive, so it is not shown."
    if not is_wholly_known(message):
        return "What is said about it is known only after apply."
    text = as_text(message)
    return "No message was given." if text is None else text
