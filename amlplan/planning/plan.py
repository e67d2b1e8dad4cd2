"""Makes a plan: every resource in order, then what is left over, then the outputs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from amlplan.config.reading.load import in_source_order
from amlplan.diagnostics import Diagnostic, error
from amlplan.errors import ConfigError
from amlplan.planning.awaited_runs import name_awaited_runs
from amlplan.planning.checks import check_results, checked
from amlplan.planning.compare import SecretDigests
from amlplan.planning.findings import Findings
from amlplan.planning.importing import not_configured, wanted_imports
from amlplan.planning.observe import observe
from amlplan.planning.outputs import output_changes
from amlplan.planning.planner import Planner
from amlplan.planning.refreshing import accept_identities, plan_refresh
from amlplan.planning.removals import forgetting, plan_removals
from amlplan.planning.replaced import create_first_below, observe_deposed, plan_deposed
from amlplan.planning.rules import broken_rules
from amlplan.planning.selection import check_names, named, selection_of
from amlplan_schemas.plan import Plan, Reason, Refresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from amlplan.events import EventSink
    from amlplan.planning.findings import PlanInputs
    from amlplan_schemas.plan import Mode, OutputChange
    from amlplan_schemas.state import Record


def make(mode: Mode, inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan of a mode; changes nothing. Raises as `make_plan`."""
    return _MAKERS[mode](inputs, emit)


def make_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that makes the world match the configuration; changes nothing.

    Raises ConfigError with every mistake found, UnknownAddressError for an option that names
    nothing, and ProviderError where looking at an object fails for another reason than silence.
    """
    if inputs.options.refresh is Refresh.CHANGED:
        return _plan_after(inputs, _looked_at_where_changed(inputs, emit))
    return _plan_after(inputs, _looked_at(inputs, emit))


def _looked_at_where_changed(inputs: PlanInputs, emit: EventSink) -> Findings:
    """Findings with only those objects observed that a plan from the state alone would touch."""
    blind = _begun(inputs)
    _decide_all(blind)
    touched = {item.address for item in (*blind.operations.values(), *blind.further)}
    touched |= blind.blocked.keys() | blind.deferred.keys()
    found = _begun(inputs)
    readable = [
        record
        for record in found.records.values()
        if record.outputs.values and record.address in touched
    ]
    found.observed.update(
        observe(readable, found.records, inputs.registry, emit, inputs.parallelism)
    )
    observe_deposed(found)
    return found


def _looked_at(inputs: PlanInputs, emit: EventSink) -> Findings:
    findings = _begun(inputs)
    if inputs.options.refresh is not Refresh.NONE:
        readable = [
            record
            for record in findings.records.values()
            if record.outputs.values and _may_be_planned(record, findings)
        ]
        found = observe(readable, findings.records, inputs.registry, emit, inputs.parallelism)
        findings.observed.update(found)
        observe_deposed(findings)
    return findings


def _may_be_planned(record: Record, findings: Findings) -> bool:
    """Whether the options may have an object be planned; what is left out is not looked at."""
    selection = findings.selection
    return selection.is_everything or selection.wants(record.address)


def _plan_after(inputs: PlanInputs, findings: Findings) -> Plan:
    digests = SecretDigests(inputs.secrets, inputs.state.salt)
    problems = _decide_all(findings)
    check_names(inputs.options, inputs.evaluation, _every_address(findings))
    waiting = {*findings.deferred, *findings.blocked, *findings.left_out}
    outputs, found = output_changes(
        inputs.evaluation, inputs.state, digests, waiting, _outputs_left_out(findings)
    )
    problems += found
    found, notes = checked(inputs.evaluation)
    problems += found
    findings.notes += notes
    if problems:
        raise ConfigError(in_source_order(problems))
    checks = tuple(check_results(inputs.evaluation, findings.wanted))
    return _finished(_plan_of(findings, outputs).model_copy(update={"checks": checks}))


def _decide_all(findings: Findings) -> list[Diagnostic]:
    """Plan every object that is wanted or goes; gives what is wrong, and then plans no deletion."""
    inputs, evaluation = findings.inputs, findings.inputs.evaluation
    digests = SecretDigests(inputs.secrets, inputs.state.salt)
    imports, import_problems = wanted_imports(evaluation, inputs.options, findings.records)
    planner = Planner(findings, digests, imports)
    for address in evaluation.addresses(findings.selection.nodes):
        excluded = not findings.left_out.isdisjoint(evaluation.dependencies[address])
        if not excluded and findings.selection.wants(address):
            planner.resource(address)
        else:
            planner.leave_out(address)
    problems = [*evaluation.configuration.diagnostics, *findings.problems, *import_problems]
    if findings.selection.nodes is None:
        problems += not_configured(imports, evaluation)
    problems += _moved_and_there(inputs)
    problems += broken_rules(findings.wanted, inputs.registry)
    if not problems:
        create_first_below(findings)
        plan_removals(findings)
        plan_deposed(findings)
    name_awaited_runs(findings)
    return problems


def _begun(inputs: PlanInputs) -> Findings:
    """Findings of a plan that begins: with the records as the options have them."""
    records = dict(inputs.state.records)
    selection = selection_of(inputs.options, inputs.evaluation)
    findings = Findings(inputs, selection, records, {})
    for address in sorted(named(inputs.options.forget, records)):
        record = findings.forgotten[address] = records.pop(address)
        findings.further.append(forgetting(record))
    accept_identities(findings)
    return findings


def _every_address(findings: Findings) -> set[str]:
    found = {*findings.records, *findings.forgotten, *findings.inputs.evaluation.blocks}
    return found | findings.inputs.state.pending.keys()


def _outputs_left_out(findings: Findings) -> set[str]:
    """The outputs that are made from blocks which were not even looked at."""
    nodes, evaluation = findings.selection.nodes, findings.inputs.evaluation
    if nodes is None:
        return set()
    names = evaluation.configuration.outputs
    return {name for name in names if not evaluation.output_blocks(name) <= nodes}


def _moved_and_there(inputs: PlanInputs) -> Iterator[Diagnostic]:
    """Objects that a block moved away, and that the configuration has at the old address too."""
    for name, now in inputs.moves.items():
        block = inputs.evaluation.blocks.get(name)
        if block is not None:
            yield error(
                "still_there",
                "Moved or removed, and still there",
                f"{name} has moved to {now}, and the configuration still has it. Take the moved "
                "block out, or the object.",
                block.header,
                context=block.context,
                address=name,
            )


def make_destroy_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that deletes every recorded resource; needs no configuration to be right."""
    findings = _looked_at(inputs, emit)
    check_names(inputs.options, inputs.evaluation, _every_address(findings))
    plan_removals(findings, Reason.DESTROY)
    plan_deposed(findings)
    outputs: tuple[OutputChange, ...] = ()
    if findings.selection.is_everything:
        digests = SecretDigests(inputs.secrets, inputs.state.salt)
        outputs = output_changes(None, inputs.state, digests)[0]
    return _finished(_plan_of(findings, outputs).model_copy(update={"mode": "destroy"}))


def make_refresh_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that has the state take over what is outside; needs no configuration to be right.

    Nothing outside changes. What is gone is forgotten.
    """
    findings = _looked_at(inputs, emit)
    check_names(inputs.options, inputs.evaluation, _every_address(findings))
    plan_refresh(findings)
    return _finished(_plan_of(findings, ()).model_copy(update={"mode": "refresh"}))


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
    return _finished(plan.model_copy(update=only))


_MAKERS: Final[Mapping[Mode, Callable[[PlanInputs, EventSink], Plan]]] = {
    "normal": make_plan,
    "destroy": make_destroy_plan,
    "refresh": make_refresh_plan,
    "import": make_import_plan,
}


def _plan_of(findings: Findings, outputs: tuple[OutputChange, ...]) -> Plan:
    return Plan(
        moves=dict(findings.inputs.moves),
        imports=tuple(findings.imports.values()),
        operations=(*findings.further, *findings.operations.values()),
        drift=tuple(findings.drift),
        deferred=tuple(findings.deferred.values()),
        blocked=tuple(findings.blocked.values()),
        notes=tuple(findings.notes),
        outputs=outputs,
        unchanged=findings.unchanged,
        bindings=findings.inputs.bindings,
        options=findings.inputs.options,
        left_out=tuple(sorted(findings.left_out)),
    )


def _finished(plan: Plan) -> Plan:
    digest = hashlib.sha256(plan.model_dump_json(exclude={"id"}).encode()).hexdigest()
    return plan.model_copy(update={"id": digest[:32]})
