"""Makes a plan: every resource in order, then what is left over, then the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.reading.load import in_source_order
from amlplan.diagnostics import Diagnostic, error
from amlplan.errors import ConfigError
from amlplan.planning.awaited_runs import name_awaited_runs
from amlplan.planning.checks import check_results, checked
from amlplan.planning.compare import SecretDigests
from amlplan.planning.finished import finished, plan_of
from amlplan.planning.importing import not_configured, wanted_imports
from amlplan.planning.looking import begin, check_options, look, looked_at
from amlplan.planning.outputs import output_changes
from amlplan.planning.planner import Planner
from amlplan.planning.removals import plan_removals
from amlplan.planning.replaced import create_first_below, plan_deposed
from amlplan.planning.rules import broken_rules
from amlplan_schemas.plan import Refresh

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.events import EventSink
    from amlplan.planning.findings import Findings, PlanInputs
    from amlplan.provider import Observed
    from amlplan_schemas.plan import Plan


def make_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that makes the world match the configuration; changes nothing.

    Raises ConfigError with every mistake found, UnknownAddressError for an option that names
    nothing, and ProviderError where looking at an object fails for another reason than silence.
    """
    if inputs.options.refresh is Refresh.CHANGED:
        return _plan_after(inputs, _looked_at_where_changed(inputs, emit))
    return _plan_after(inputs, looked_at(inputs, emit))


def _looked_at_where_changed(inputs: PlanInputs, emit: EventSink) -> Findings:
    """Findings with just those objects observed that the plan does something about.

    What is seen of some may touch others, so this goes on until it touches no more.
    """
    observed: dict[str, Observed] = {}
    while True:
        tried = _with_observed(inputs, observed)
        _decide_all(tried)
        touched = {item.address for item in (*tried.operations.values(), *tried.further)}
        touched |= tried.blocked.keys() | tried.deferred.keys()
        new = touched - observed.keys()
        found = _with_observed(inputs, observed)
        look(found, emit, new)
        if found.observed.keys() <= observed.keys():
            return found
        observed = found.observed


def _with_observed(inputs: PlanInputs, observed: Mapping[str, Observed]) -> Findings:
    findings = begin(inputs)
    findings.observed.update(observed)
    return findings


def _plan_after(inputs: PlanInputs, findings: Findings) -> Plan:
    digests = SecretDigests(inputs.secrets, inputs.state.salt)
    problems = _decide_all(findings)
    check_options(findings)
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
    return finished(plan_of(findings, outputs).model_copy(update={"checks": checks}))


def _decide_all(findings: Findings) -> list[Diagnostic]:
    """Plan every object that is wanted or goes; gives what is wrong, and then plans no deletion."""
    inputs, evaluation = findings.inputs, findings.inputs.evaluation
    digests = SecretDigests(inputs.secrets, inputs.state.salt)
    known = {**findings.records, **findings.forgotten}
    imports, import_problems = wanted_imports(evaluation, inputs.options, known)
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
