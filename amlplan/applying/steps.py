"""The steps of a plan and the order their dependencies allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from amlplan_schemas.plan import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.plan import Operation, Plan
    from amlplan_schemas.state import State

StepAction = Literal["create", "update", "delete", "forget"]
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
    Action.FORGET: ("forget",),
}


def steps_of(plan: Plan, state: State) -> tuple[Step, ...]:
    """The steps of a plan: objects come after what they refer to, and go before it.

    An update that lets go of an object comes before that object is deleted.
    """
    operations = {operation.address: operation for operation in plan.operations}
    dependants = _dependants(operations, state)
    after = {
        (operation.address, action): _after(operation, action, operations, dependants)
        for operation in plan.operations
        for action in _ACTIONS[operation.action]
    }
    _let_go_first(after, operations, dependants)
    return tuple(
        Step(operations[address], action, frozenset(needed))
        for (address, action), needed in after.items()
    )


def _let_go_first(
    after: dict[StepKey, set[StepKey]],
    operations: Mapping[str, Operation],
    dependants: Mapping[str, list[str]],
) -> None:
    """Put an update that lets go of an object before its deletion, where nothing is in the way.

    The update may itself wait for that deletion, through the replacement of what both lean on;
    then it comes after.
    """
    followers: dict[StepKey, list[StepKey]] = {}
    for key, needed in after.items():
        for earlier in needed:
            followers.setdefault(earlier, []).append(key)
    for address, operation in operations.items():
        deletion: StepKey = (address, "delete")
        letting_go = [
            (name, _ACTIONS[operations[name].action][-1])
            for name in dependants.get(address, ())
            if "delete" not in _ACTIONS[operations[name].action]
        ]
        if operation.action is not Action.DELETE or not letting_go:
            continue
        waiting = _reachable(deletion, followers)
        for update in letting_go:
            if update not in waiting:
                after[deletion].add(update)
                followers.setdefault(update, []).append(deletion)


def _reachable(start: StepKey, followers: Mapping[StepKey, list[StepKey]]) -> set[StepKey]:
    found = {start}
    stack = [start]
    while stack:
        for key in followers.get(stack.pop(), ()):
            if key not in found:
                found.add(key)
                stack.append(key)
    return found


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
) -> set[StepKey]:
    after: set[StepKey] = set()
    if action == "delete":
        for name in dependants.get(operation.address, ()):
            if "delete" in _ACTIONS[operations[name].action]:
                after.add((name, "delete"))
        return after
    for name in operation.depends_on:
        after.add((name, _ACTIONS[operations[name].action][-1]))
    if operation.action is Action.REPLACE:
        after.add((operation.address, "delete"))
    return after
