"""Plans by what they are for: to match the configuration, or to do one thing only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.planning.compare import SecretDigests
from amlplan.planning.finished import finished, plan_of
from amlplan.planning.looking import check_options, looked_at
from amlplan.planning.outputs import output_changes
from amlplan.planning.plan import make_plan
from amlplan.planning.refreshing import plan_refresh
from amlplan.planning.removals import plan_removals
from amlplan.planning.replaced import plan_deposed
from amlplan_schemas.plan import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan.events import EventSink
    from amlplan.planning.findings import PlanInputs
    from amlplan_schemas.plan import Mode, OutputChange, Plan


def make(mode: Mode, inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan of a mode; changes nothing. Raises as `make_plan`."""
    return _MAKERS[mode](inputs, emit)


def make_destroy_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that deletes every recorded resource; needs no configuration to be right."""
    findings = looked_at(inputs, emit)
    check_options(findings)
    plan_removals(findings, Reason.DESTROY)
    plan_deposed(findings)
    outputs: tuple[OutputChange, ...] = ()
    if findings.selection.is_everything:
        digests = SecretDigests(inputs.secrets, inputs.state.salt)
        outputs = output_changes(None, inputs.state, digests)[0]
    return finished(plan_of(findings, outputs).model_copy(update={"mode": "destroy"}))


def make_refresh_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that has the state take over what is outside; needs no configuration to be right.

    Nothing outside changes. What is gone is forgotten.
    """
    findings = looked_at(inputs, emit)
    check_options(findings)
    plan_refresh(findings)
    return finished(plan_of(findings).model_copy(update={"mode": "refresh"}))


def make_import_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that only takes over the objects that the options name."""
    plan = make_plan(inputs, emit)
    wanted = inputs.options.imports
    only = {
        "mode": "import",
        "imports": tuple(item for item in plan.imports if item.address in wanted),
        "operations": (),
        "outputs": (),
        "moves": {},
        "deferred": tuple(item for item in plan.deferred if item.address in wanted),
        "blocked": tuple(item for item in plan.blocked if item.address in wanted),
        "drift": (),
        "notes": (),
    }
    return finished(plan.model_copy(update=only))


_MAKERS: Final[Mapping[Mode, Callable[[PlanInputs, EventSink], Plan]]] = {
    "normal": make_plan,
    "destroy": make_destroy_plan,
    "refresh": make_refresh_plan,
    "import": make_import_plan,
}
