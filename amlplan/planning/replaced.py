"""Objects that make room for another: which is made first, and the deletion of what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.planning.observe import read_one
from amlplan.planning.recorded import operation_on
from amlplan.provider import Unreachable
from amlplan_schemas.plan import Action, Operation, Reason

if TYPE_CHECKING:
    from amlplan.planning.findings import Findings
    from amlplan_schemas.state import Record


def create_first_below(findings: Findings) -> None:
    """Have what a replacement leans on be made first too, where that is replaced itself.

    Its old object carries the one that is destroyed last, so it must not go before.
    """
    waiting = [item for item in findings.operations.values() if item.create_first]
    while waiting:
        for name in waiting.pop().depends_on:
            below = findings.operations[name]
            if below.action is Action.REPLACE and not below.create_first:
                below = below.model_copy(update={"create_first": True})
                findings.operations[name] = below
                waiting.append(below)


def observe_deposed(findings: Findings) -> None:
    """Find out which objects that were replaced do not answer: they cannot be deleted now."""
    for record in findings.records.values():
        for item in record.deposed:
            observed = None
            if item.outputs.values:
                observed = read_one(item, findings.records, findings.inputs.registry)
            if isinstance(observed, Unreachable):
                findings.replaced[item.identity] = observed


def plan_deposed(findings: Findings) -> None:
    """Plan the deletion of every object that was replaced and is still there."""
    for record in findings.records.values():
        if record.address in findings.left_out:
            continue
        for item in record.deposed:
            if item.identity not in findings.replaced:
                findings.further.append(_deletion(item, findings))
            elif record.address not in findings.blocked:
                silent = findings.silence_of(record.address, record)
                assert silent is not None  # noqa: S101 - just that was looked up
                findings.block(record.address, record.kind, *silent)


def _deletion(item: Record, findings: Findings) -> Operation:
    main = findings.operations.get(item.address)
    of_it = {
        "deposed": item.generation,
        "depends_on": () if main is None else (main.address,),
    }
    return operation_on(item, Action.DELETE, Reason.DEPOSED).model_copy(update=of_it)
