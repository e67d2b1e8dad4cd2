"""A plan as data, under an id that is a digest over all of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from amlplan_schemas.plan import Plan

if TYPE_CHECKING:
    from amlplan.planning.findings import Findings
    from amlplan_schemas.plan import OutputChange


def plan_of(findings: Findings, outputs: tuple[OutputChange, ...] = ()) -> Plan:
    """What was found, as a plan that has no id yet."""
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


def finished(plan: Plan) -> Plan:
    """The plan with its id."""
    return plan.model_copy(update={"id": id_of(plan)})


def id_of(plan: Plan) -> str:
    """A digest over a plan, its id left aside."""
    return hashlib.sha256(plan.model_dump_json(exclude={"id"}).encode()).hexdigest()[:32]
