"""Objects as they are recorded: their values, and what is done to those that only go or stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_schemas.plan import Action, Operation

if TYPE_CHECKING:
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.plan import Reason
    from amlplan_schemas.state import Record


def shown_values(record: Record) -> dict[str, JsonValue]:
    """A record's inputs, outputs and derived facts side by side."""
    return {**record.inputs.values, **record.outputs.values, **record.derived}


def operation_on(record: Record, action: Action, reason: Reason) -> Operation:
    """What is done to the object of a record; to let go of it only writes the state."""
    return Operation(
        address=record.address,
        kind=record.kind,
        name=record.name,
        provider=record.provider,
        action=action,
        reason=reason,
        generation=record.generation,
        before=shown_values(record),
        sensitive=tuple(sorted(record.inputs.secrets)),
        calls_provider=action is Action.DELETE,
    )
