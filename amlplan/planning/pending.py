"""What the configuration asks for and no apply has done yet, whatever the world is like."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError, ConfigError
from amlplan.planning.plan import make_plan
from amlplan.pointers import top_field
from amlplan.wording import counted
from amlplan_schemas.drift import ComparedConfiguration, PendingAction, PendingConfig
from amlplan_schemas.plan import PlanOptions, Refresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.planning.findings import PlanInputs
    from amlplan_schemas.plan import Operation, Plan


def find_pending(inputs: PlanInputs) -> tuple[tuple[PendingConfig, ...], ComparedConfiguration]:
    """What is pending, by address, and whether that could be told; asks nothing outside.

    A mistake of the configuration is no failure here: what is there can be looked at all the same.
    """
    try:
        believing = replace(inputs, options=PlanOptions(refresh=Refresh.NONE))
        plan = make_plan(believing, lambda _event: None)
    except ConfigError as failure:
        return (), ComparedConfiguration(compared=False, reason=_mistakes(failure))
    except AmlplanError as failure:
        return (), ComparedConfiguration(compared=False, reason=str(failure))
    found = sorted(_pending(plan, inputs), key=lambda item: item.address)
    return tuple(found), ComparedConfiguration(compared=True)


def _pending(plan: Plan, inputs: PlanInputs) -> Iterator[PendingConfig]:
    for name, now in plan.moves.items():
        record = inputs.state.records.get(now)
        yield PendingConfig(
            address=now,
            kind="" if record is None else record.kind,
            action=PendingAction.MOVE,
            reason=f"it was {name}",
        )
    for item in plan.imports:
        yield PendingConfig(
            address=item.address,
            kind=item.record.kind,
            action=PendingAction.IMPORT,
            reason=f"id {item.id}",
        )
    for operation in plan.operations:
        yield PendingConfig(
            address=operation.address,
            kind=operation.kind,
            action=PendingAction(operation.action.value),
            changes=operation.changes,
            reason=operation.note or _changed(operation),
        )
    for deferred in plan.deferred:
        yield PendingConfig(
            address=deferred.address,
            kind=deferred.kind,
            action=PendingAction.DEFERRED,
            reason=deferred.reason,
        )
    for blocked in plan.blocked:
        if blocked.address not in inputs.unanswered:
            yield PendingConfig(
                address=blocked.address,
                kind=blocked.kind,
                action=PendingAction.BLOCKED,
                reason=blocked.reason,
            )
    for change in plan.outputs:
        yield PendingConfig(
            address=f"output.{change.name}", kind="output", action=PendingAction(change.action)
        )


def _changed(operation: Operation) -> str:
    """The fields that make a change, by name."""
    names = sorted({top_field(change.path) for change in operation.changes})
    return f"{', '.join(names)} changed" if names else ""


def _mistakes(failure: ConfigError) -> str:
    first = failure.diagnostics[0]
    place = first.range
    where = ""
    if place is not None:
        line = place.position_of(place.start).line
        where = f" on {place.source.filename} line {line}"
    count = counted(len(failure.diagnostics), "mistake")
    return f"it has {count}, the first{where}: {first.summary}"
