"""What a plan must not have, where somebody asks for it to be refused then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.errors import GateError
from amlplan_schemas.plan import Action, Risk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from amlplan_schemas.plan import Plan


def _with_action(plan: Plan, *actions: Action) -> list[str]:
    return [item.key for item in plan.operations if item.action in actions]


GATES: Final[Mapping[str, Callable[[Plan], list[str]]]] = {
    "destroy": lambda plan: _with_action(plan, Action.DELETE, Action.REPLACE),
    "replace": lambda plan: _with_action(plan, Action.REPLACE),
    "drift": lambda plan: [item.address for item in plan.drift],
    "check": lambda plan: [
        item.address or "" for item in plan.notes if item.code == "failed_check"
    ],
}
"""What each gate finds in a plan: the names of what it is closed for."""


def is_safe(plan: Plan) -> bool:
    """Whether nothing that is there is destroyed by a plan."""
    return all(item.risk is not Risk.HIGH for item in plan.operations)


def check_gates(plan: Plan, names: Collection[str]) -> None:
    """Raise GateError where a plan has something that one of these gates is closed for."""
    found = {name: there for name in GATES if name in names and (there := GATES[name](plan))}
    if found:
        what = "; ".join(f"{name}: {', '.join(there)}" for name, there in found.items())
        raise GateError(
            "The plan has what -fail-on names",
            f"{what}. Nothing was changed. Take the change back, or leave the gate out for this "
            "plan after somebody looked at it.",
        )
