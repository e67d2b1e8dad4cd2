"""Makes a plan: every resource in order, then what is left over, then the outputs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from amlplan.config.reading.load import in_source_order
from amlplan.diagnostics import Diagnostic, error
from amlplan.errors import ConfigError
from amlplan.planning.awaited_runs import name_awaited_runs
from amlplan.planning.checks import check_results, checked
from amlplan.planning.compare import SecretDigests
from amlplan.planning.findings import Findings
from amlplan.planning.observe import observe
from amlplan.planning.outputs import output_changes
from amlplan.planning.planner import Planner
from amlplan.planning.removals import plan_removals
from amlplan.planning.rules import broken_rules
from amlplan_schemas.plan import Plan, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.events import EventSink
    from amlplan.planning.findings import PlanInputs
    from amlplan.provider import Observed
    from amlplan_schemas.plan import OutputChange


def make_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that makes the world match the configuration; changes nothing.

    Raises ConfigError with every mistake found, and ProviderError where looking at an object
    fails for another reason than silence.
    """
    findings = Findings(inputs, _observe(inputs, emit))
    digests = SecretDigests(inputs.secrets, inputs.state.salt)
    planner = Planner(findings, digests)
    for address in inputs.evaluation.addresses():
        planner.resource(address)
    problems = [*inputs.evaluation.configuration.diagnostics, *findings.problems]
    problems += _moved_and_there(inputs)
    problems += broken_rules(findings.wanted, inputs.registry)
    if not problems:
        plan_removals(findings)
    name_awaited_runs(findings)
    waiting = {*findings.deferred, *findings.blocked}
    outputs, found = output_changes(inputs.evaluation, inputs.state, digests, waiting)
    problems += found
    found, notes = checked(inputs.evaluation)
    problems += found
    findings.notes += notes
    if problems:
        raise ConfigError(in_source_order(problems))
    checks = tuple(check_results(inputs.evaluation, findings.wanted))
    return _finished(_plan_of(findings, outputs).model_copy(update={"checks": checks}))


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
    findings = Findings(inputs, _observe(inputs, emit))
    plan_removals(findings, Reason.DESTROY)
    digests = SecretDigests(inputs.secrets, inputs.state.salt)
    outputs = output_changes(None, inputs.state, digests)[0]
    return _finished(_plan_of(findings, outputs).model_copy(update={"mode": "destroy"}))


def _plan_of(findings: Findings, outputs: tuple[OutputChange, ...]) -> Plan:
    return Plan(
        moves=dict(findings.inputs.moves),
        operations=tuple(findings.operations.values()),
        drift=tuple(findings.drift),
        deferred=tuple(findings.deferred.values()),
        blocked=tuple(findings.blocked.values()),
        notes=tuple(findings.notes),
        outputs=outputs,
        unchanged=findings.unchanged,
        bindings=findings.inputs.bindings,
    )


def _observe(inputs: PlanInputs, emit: EventSink) -> dict[str, Observed]:
    readable = [record for record in inputs.state.records.values() if record.outputs.values]
    return observe(readable, inputs.state, inputs.registry, emit)


def _finished(plan: Plan) -> Plan:
    digest = hashlib.sha256(plan.model_dump_json(exclude={"id"}).encode()).hexdigest()
    return plan.model_copy(update={"id": digest[:32]})
