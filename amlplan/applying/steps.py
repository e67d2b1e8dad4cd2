"""The steps of a plan and the order their dependencies allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from amlplan_schemas.plan import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.plan import Operation, Plan
    from amlplan_schemas.state import State

StepAction = Literal["create", "update", "delete"]
StepKey = tuple[str, StepAction]


@dataclass(frozen=True, slots=True)
class Step:
    """One provider call of an operation; a replacement has two. `after` must be done before."""

    operation: Operation
    action: StepAction
    after: frozenset[StepKey] = field(default_factory=frozenset)

    @property
    def key(self) -> StepKey:
        """What identifies the step in its plan."""
        return self.operation.address, self.action


_ACTIONS: dict[Action, tuple[StepAction, ...]] = {
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.REPLACE: ("delete", "create"),
    Action.DELETE: ("delete",),
}


def steps_of(plan: Plan, state: State) -> tuple[Step, ...]:
    """The steps of a plan: objects come after what they refer to, and go before it.

    An update that lets go of an object comes before that object is deleted.
    """
    operations = {operation.address: operation for operation in plan.operations}
    dependants = _dependants(operations, state)
    return tuple(
        Step(operation, action, _after(operation, action, operations, dependants))
        for operation in plan.operations
        for action in _ACTIONS[operation.action]
    )


def _dependants(operations: Mapping[str, Operation], state: State) -> dict[str, list[str]]:
    """By recorded dependencies, the addresses with operations that lean on each address."""
    found: dict[str, list[str]] = {}
    for address in operations:
        record = state.records.get(address)
        for name in record.depends_on if record is not None else ():
            found.setdefault(name, []).append(address)
    return found


def _after(
    operation: Operation,
    action: StepAction,
    operations: Mapping[str, Operation],
    dependants: Mapping[str, list[str]],
) -> frozenset[StepKey]:
    after: set[StepKey] = set()
    if action == "delete":
        for name in dependants.get(operation.address, ()):
            actions = _ACTIONS[operations[name].action]
            if "delete" in actions:
                after.add((name, "delete"))
            elif operation.action is Action.DELETE:
                after.add((name, actions[-1]))
        return frozenset(after)
    for name in operation.depends_on:
        after.add((name, _ACTIONS[operations[name].action][-1]))
    if operation.action is Action.REPLACE:
        after.add((operation.address, "delete"))
    return frozenset(after)
