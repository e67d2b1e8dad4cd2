"""Makes a plan: every resource in order, then what is left over, then the outputs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from amlplan.config.load import in_source_order
from amlplan.errors import ConfigError
from amlplan.planning.observe import observe
from amlplan.planning.outputs import output_changes
from amlplan.planning.planner import Planner
from amlplan.planning.rules import broken_rules
from amlplan_schemas.plan import Plan, Reason

if TYPE_CHECKING:
    from amlplan.events import EventSink
    from amlplan.planning.planner import PlanInputs
    from amlplan.provider import Observed


def make_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that makes the world match the configuration; changes nothing.

    Raises ConfigError with every mistake found, and ProviderError where looking at an object
    fails for another reason than silence.
    """
    planner = Planner(inputs, _observe(inputs, emit))
    for address in inputs.evaluation.order:
        planner.resource(address)
    problems = [*inputs.evaluation.configuration.diagnostics, *planner.problems]
    problems += broken_rules(planner.wanted, inputs.registry)
    if not problems:
        planner.removals()
    waiting = {*planner.deferred, *planner.blocked}
    outputs, found = output_changes(inputs.evaluation, inputs.state, planner.digests, waiting)
    problems += found
    if problems:
        raise ConfigError(in_source_order(problems))
    return _finished(
        Plan(
            operations=tuple(planner.operations.values()),
            drift=tuple(planner.drift),
            deferred=tuple(planner.deferred.values()),
            blocked=tuple(planner.blocked.values()),
            notes=tuple(planner.notes),
            outputs=outputs,
            unchanged=planner.unchanged,
            bindings=inputs.bindings,
        )
    )


def make_destroy_plan(inputs: PlanInputs, emit: EventSink) -> Plan:
    """The plan that deletes every recorded resource; needs no configuration to be right."""
    planner = Planner(inputs, _observe(inputs, emit))
    planner.removals(Reason.DESTROY)
    return _finished(
        Plan(
            mode="destroy",
            operations=tuple(planner.operations.values()),
            drift=tuple(planner.drift),
            blocked=tuple(planner.blocked.values()),
            notes=tuple(planner.notes),
            outputs=output_changes(None, inputs.state, planner.digests)[0],
            bindings=inputs.bindings,
        )
    )


def _observe(inputs: PlanInputs, emit: EventSink) -> dict[str, Observed]:
    readable = [record for record in inputs.state.records.values() if record.outputs.values]
    return observe(readable, inputs.state, inputs.registry, emit)


def _finished(plan: Plan) -> Plan:
    digest = hashlib.sha256(plan.model_dump_json(exclude={"id"}).encode()).hexdigest()
    return plan.model_copy(update={"id": digest[:32]})
