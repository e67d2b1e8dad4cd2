"""Plans by what they are for: to match the configuration, or to do one thing only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.addresses import node_of
from amlplan.errors import PlanError
from amlplan.planning.compare import SecretDigests
from amlplan.planning.finished import finished, plan_of
from amlplan.planning.looking import check_options, looked_at
from amlplan.planning.outputs import output_changes
from amlplan.planning.plan import make_plan
from amlplan.planning.refreshing import plan_refresh
from amlplan.planning.removals import plan_removals
from amlplan.planning.replaced import plan_deposed
from amlplan_schemas.plan import Reason, Refresh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan.events import EventSink
    from amlplan.planning.findings import Findings, PlanInputs
    from amlplan_schemas.plan import Mode, Plan, PlanOptions


def make(mode: Mode, inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan of a mode; changes nothing. Raises as `make_plan`."""
    return _MAKERS[mode](inputs, emit)


def mode_of(options: PlanOptions, *, destroy: bool) -> Mode:
    """What a plan with these options is for; raises PlanError for what excludes each other."""
    if options.refresh is not Refresh.ONLY:
        return "destroy" if destroy else "normal"
    needless = {"destroy": destroy, "replace": options.replace, "forget": options.forget}
    for name, given in needless.items():
        if given:
            raise PlanError(
                "Options exclude each other",
                f"-refresh=only changes nothing outside, so it does not go with -{name}. Leave "
                "one of them out.",
            )
    return "refresh"


def make_destroy_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that deletes every recorded resource; needs no configuration to be right."""
    findings = looked_at(inputs, emit)
    check_options(findings)
    plan_removals(findings, Reason.DESTROY)
    plan_deposed(findings)
    digests = SecretDigests(inputs.secrets, inputs.state.salt)
    outputs = tuple(
        change
        for change in output_changes(None, inputs.state, digests)[0]
        if _goes(change.name, findings)
    )
    return finished(plan_of(findings, outputs).model_copy(update={"mode": "destroy"}))


def _goes(output: str, findings: Findings) -> bool:
    """Whether an output goes with what is destroyed: what it is made from, or all that there is."""
    evaluation = findings.inputs.evaluation
    if not findings.blocked and not findings.left_out:
        return True
    if output not in evaluation.configuration.outputs:
        return False
    gone = {node_of(item.address) for item in findings.operations.values()}
    return not evaluation.output_blocks(output).isdisjoint(gone)


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
        "notes": tuple(note for note in plan.notes if note.address in wanted),
    }
    return finished(plan.model_copy(update=only))


_MAKERS: Final[Mapping[Mode, Callable[[PlanInputs, EventSink], Plan]]] = {
    "normal": make_plan,
    "destroy": make_destroy_plan,
    "refresh": make_refresh_plan,
    "import": make_import_plan,
}
