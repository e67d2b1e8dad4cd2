"""What is left of a saved plan whose apply was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_schemas.plan import Action, Reason

if TYPE_CHECKING:
    from amlplan_schemas.plan import Operation, Plan, PlanOptions
    from amlplan_schemas.state import State

_NOT_SEEN_AGAIN = frozenset({Reason.REQUESTED, Reason.TRIGGERED})
"""Reasons that nothing tells any more once something else of the plan was carried out."""


def options_left(saved: Plan, state: State) -> PlanOptions:
    """The options that have what is left of a plan be planned again, and nothing of it twice."""
    operations = [item for item in saved.operations if item.reason in _NOT_SEEN_AGAIN]
    return saved.options.model_copy(
        update={
            "replace": tuple(item.address for item in operations if _is_to_replace(item, state)),
            "forget": tuple(item.address for item in operations if _is_to_forget(item, state)),
        }
    )


def _is_to_replace(operation: Operation, state: State) -> bool:
    record = state.records.get(operation.address)
    is_old = record is not None and record.generation < operation.generation
    return operation.action is Action.REPLACE and is_old


def _is_to_forget(operation: Operation, state: State) -> bool:
    record = state.records.get(operation.address)
    is_same = record is not None and record.generation == operation.generation
    return operation.action is Action.FORGET and is_same
