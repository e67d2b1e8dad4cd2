"""Operations in the vocabulary that Terraform gave programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from amlplan_schemas.plan import Action, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan_schemas.plan import Operation, Plan
    from amlplan_schemas.plan_output import ActionReason, ChangeAction
    from amlplan_schemas.stream import PlannedAction, StreamReason

_ACTIONS: Final[Mapping[Action, tuple[ChangeAction, ...]]] = {
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.REPLACE: ("delete", "create"),
    Action.DELETE: ("delete",),
    Action.FORGET: ("forget",),
    Action.REFRESH: ("no-op",),
}
_WORDS: Final[Mapping[Action, PlannedAction]] = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.REPLACE: "replace",
    Action.DELETE: "delete",
    Action.FORGET: "forget",
    Action.REFRESH: "noop",
}
_REPLACED: Final[Mapping[Reason, tuple[ActionReason, StreamReason]]] = {
    Reason.CANNOT_UPDATE: ("replace_because_cannot_update", "cannot_update"),
    Reason.TAINTED: ("replace_because_tainted", "tainted"),
    Reason.REQUESTED: ("replace_by_request", "requested"),
    Reason.TRIGGERED: ("replace_by_triggers", "replace_triggered_by"),
}
_Deleted = Literal[
    "delete_because_no_resource_config",
    "delete_because_no_module",
    "delete_because_wrong_repetition",
    "delete_because_count_index",
    "delete_because_each_key",
]
_DELETED: Final[Mapping[Reason, _Deleted]] = {
    Reason.NO_CONFIGURATION: "delete_because_no_resource_config",
    Reason.REMOVED: "delete_because_no_resource_config",
    Reason.NO_MODULE: "delete_because_no_module",
    Reason.WRONG_REPETITION: "delete_because_wrong_repetition",
    Reason.COUNT_INDEX: "delete_because_count_index",
    Reason.EACH_KEY: "delete_because_each_key",
}


def actions_of(operation: Operation) -> tuple[ChangeAction, ...]:
    """What an operation does, in the order in which it does it."""
    if operation.action is Action.REPLACE and operation.create_first:
        return ("create", "delete")
    return _ACTIONS[operation.action]


def word_of(operation: Operation) -> PlannedAction:
    """What an operation does, in a word."""
    return _WORDS[operation.action]


def reasons_of(operation: Operation) -> tuple[ActionReason, StreamReason] | None:
    """Why an object is replaced or deleted, for documents and for streams; None without a word."""
    if operation.action is Action.REPLACE:
        return _REPLACED.get(operation.reason)
    if operation.action is Action.DELETE and operation.reason in _DELETED:
        word = _DELETED[operation.reason]
        return word, word
    return None


def taken_over(plan: Plan) -> dict[str, str]:
    """The ids of the objects that the plan takes over, by address."""
    found = {item.address: item.id for item in plan.imports}
    return found | {
        item.address: item.importing for item in plan.operations if item.importing is not None
    }


def moved_from(plan: Plan) -> dict[str, str]:
    """Where objects stood before, by where they stand now."""
    return {now: before for before, now in plan.moves.items()}


@dataclass(frozen=True, slots=True)
class Place:
    """When an operation begins: the earliest stage, from 1, and the keys of those before it."""

    stage: int
    after: tuple[str, ...]


def places_of(operations: Sequence[Operation]) -> dict[str, Place]:
    """The place of each operation by its key, as far as what depends on what tells."""
    keys: dict[str, list[str]] = {}
    for operation in operations:
        keys.setdefault(operation.address, []).append(operation.key)
    after = {
        operation.key: tuple(key for name in operation.depends_on for key in keys.get(name, ()))
        for operation in operations
    }
    stages: dict[str, int] = {}
    for first in after:
        _stage(first, after, stages)
    return {key: Place(stages[key], needed) for key, needed in after.items()}


def _stage(first: str, after: Mapping[str, tuple[str, ...]], stages: dict[str, int]) -> None:
    """Find the stage of an operation, and before that of all that it needs."""
    if first in stages:
        return
    met = {first}
    waiting = [(first, iter(after[first]))]
    while waiting:
        key, needed = waiting[-1]
        following = next((one for one in needed if one not in stages and one not in met), None)
        if following is not None:
            met.add(following)
            waiting.append((following, iter(after[following])))
            continue
        stages[key] = 1 + max((stages.get(one, 0) for one in after[key]), default=0)
        waiting.pop()
