"""The steps of a plan and the order their dependencies allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Literal, NamedTuple

from amlplan_schemas.plan import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amlplan_schemas.plan import Operation, Plan
    from amlplan_schemas.state import State

StepAction = Literal["create", "update", "delete", "remove", "forget", "refresh"]
"""`remove` deletes an object that was replaced; `delete` that of a record, which goes too."""
_ENDS: frozenset[StepAction] = frozenset({"delete", "remove"})


class StepKey(NamedTuple):
    """What identifies a step in its plan; `deposed` is the generation of a replaced object."""

    address: str
    action: StepAction
    deposed: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One provider call of an operation; a replacement has two. `after` must be done before."""

    operation: Operation
    action: StepAction
    after: frozenset[StepKey] = field(default_factory=frozenset)

    @property
    def key(self) -> StepKey:
        """What identifies the step in its plan."""
        return StepKey(self.operation.address, self.action, self.operation.deposed)


_ACTIONS: dict[Action, tuple[StepAction, ...]] = {
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.REPLACE: ("delete", "create"),
    Action.DELETE: ("delete",),
    Action.FORGET: ("forget",),
    Action.REFRESH: ("refresh",),
}


def _actions(operation: Operation) -> tuple[StepAction, ...]:
    if operation.deposed is not None:
        return ("remove",)
    return ("create", "remove") if operation.create_first else _ACTIONS[operation.action]


def _keys(operation: Operation) -> tuple[StepKey, ...]:
    """The keys of an operation's steps, in their order."""
    address, deposed = operation.address, operation.deposed
    return tuple(StepKey(address, action, deposed) for action in _actions(operation))


def steps_of(plan: Plan, state: State) -> tuple[Step, ...]:
    """The steps of a plan: objects come after what they refer to, and go before it.

    An update that lets go of an object comes before that object is deleted. An object that was
    replaced goes last: when nothing leans on it any more.
    """
    after = _order(plan, state, at_once=False)
    if _is_stuck(after):
        after = _order(plan, state, at_once=True)
    by_key = {key: item for item in plan.operations for key in _keys(item)}
    return tuple(Step(by_key[key], key.action, frozenset(needed)) for key, needed in after.items())


def _order(plan: Plan, state: State, *, at_once: bool) -> dict[StepKey, set[StepKey]]:
    """What each step comes after.

    An object that was replaced goes when what stood on it was made anew, or with `at_once` already
    when that is gone.
    """
    operations = {item.address: item for item in plan.operations if item.key == item.address}
    dependants = _dependants(plan.operations, state)
    after = {
        key: _after(operation, key.action, operations, dependants, at_once=at_once)
        for operation in plan.operations
        for key in _keys(operation)
    }
    _what_was_recorded_first(after, plan.operations, operations)
    _let_go_first(after, operations, dependants)
    return after


def _is_stuck(after: Mapping[StepKey, set[StepKey]]) -> bool:
    """Whether steps wait for each other in a circle."""
    try:
        TopologicalSorter(after).prepare()
    except CycleError:
        return True
    return False


def _what_was_recorded_first(
    after: dict[StepKey, set[StepKey]],
    every: Iterable[Operation],
    operations: Mapping[str, Operation],
) -> None:
    """Put what only the record says, and what it had before, in order with its main operation.

    A record that goes must not take what it still had to delete with it: that goes first.
    """
    last: dict[str, StepKey] = {}
    for operation in every:
        main = operations.get(operation.address)
        if operation is main:
            continue
        [step] = _keys(operation)
        if operation.address in last:
            after[step].add(last[operation.address])
        last[operation.address] = step
        if main is None:
            continue
        first, final = _keys(main)[0], _keys(main)[-1]
        if operation.deposed is None or first.action == "delete":
            after[first].add(step)
        else:
            after[step].add(final)


def _let_go_first(
    after: dict[StepKey, set[StepKey]],
    operations: Mapping[str, Operation],
    dependants: Mapping[str, list[Operation]],
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
        deletion = StepKey(address, "delete")
        letting_go = [
            _keys(item)[-1]
            for item in dependants.get(address, ())
            if _ENDS.isdisjoint(_actions(item))
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


def _dependants(operations: Iterable[Operation], state: State) -> dict[str, list[Operation]]:
    """By recorded dependencies, the operations on objects that lean on each address."""
    found: dict[str, list[Operation]] = {}
    for operation in operations:
        record = state.records.get(operation.address)
        if record is not None and operation.deposed is not None:
            same = [item for item in record.deposed if item.generation == operation.deposed]
            record = same[0] if same else record
        for name in record.depends_on if record is not None else ():
            found.setdefault(name, []).append(operation)
    return found


def _after(
    operation: Operation,
    action: StepAction,
    operations: Mapping[str, Operation],
    dependants: Mapping[str, list[Operation]],
    *,
    at_once: bool,
) -> set[StepKey]:
    leaning = dependants.get(operation.address, ())
    ends = {key for item in leaning for key in _keys(item) if key.action in _ENDS}
    if action == "forget":
        # What goes with it needs to know where it is; what is made first outlives it.
        return {key for key in ends if key.action == "delete"}
    if action == "delete" or (action == "remove" and _goes_first(operation, operations)):
        return ends
    if action == "remove":
        # What leaned on the old object has to have the new one, or to be gone, before.
        after = {key for item in leaning for key in _letting_go(item, at_once=at_once)}
        others = {key for key in after if key.address != operation.address}
        return others | set(_keys(operation)[:-1])
    if action == "refresh":
        return set()
    after = {_made_by(operations[name]) for name in operation.depends_on}
    if operation.action is Action.REPLACE and not operation.create_first:
        after.add(StepKey(operation.address, "delete"))
    return after


def _goes_first(operation: Operation, operations: Mapping[str, Operation]) -> bool:
    """Whether an object that was replaced goes before the one that has its address now."""
    main = operations.get(operation.address)
    return operation.deposed is not None and main is not None and _actions(main)[0] == "delete"


def _letting_go(operation: Operation, *, at_once: bool) -> tuple[StepKey, ...]:
    """The steps after which what stood on an object that was replaced does so no longer."""
    keys = _keys(operation)
    ends = tuple(key for key in keys if key.action in _ENDS)
    return ends if at_once and ends else keys


def _made_by(operation: Operation) -> StepKey:
    """The step after which an object is as it is wanted."""
    return next(key for key in reversed(_keys(operation)) if key.action != "remove")
