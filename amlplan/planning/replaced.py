"""Objects that make room for another: which is made first, and the deletion of what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.planning.observe import read_one
from amlplan.planning.recorded import operation_on
from amlplan.planning.removals import is_configured
from amlplan.provider import Unreachable
from amlplan_schemas.plan import Action, Operation, Reason

if TYPE_CHECKING:
    from amlplan.planning.findings import Findings
    from amlplan_schemas.state import Record


def create_first_below(findings: Findings) -> None:
    """Have what a replacement leans on be made first too, where that is replaced itself.

    Its old object carries the one that is destroyed last, so it must not go before; and so does
    what is carried through an object that is only destroyed.
    """
    operations = findings.operations
    waiting = [item for item in operations.values() if item.create_first]
    seen = {item.address for item in waiting}
    while waiting:
        above = waiting.pop()
        record = findings.records.get(above.address)
        leaned_on = record.depends_on if record is not None else ()
        for name in {*above.depends_on, *leaned_on} - seen:
            seen.add(name)
            below = operations.get(name)
            if below is not None and below.action is Action.REPLACE:
                below = operations[name] = below.model_copy(update={"create_first": True})
                waiting.append(below)
            elif name in findings.records and not is_configured(name, findings):
                waiting.append(operation_on(findings.records[name], Action.DELETE, Reason.DEPOSED))


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
    """Plan the deletion of every object that was replaced and is still there.

    One that something stands on which nothing is done about stays, and blocks its address.
    """
    standing = _standing_on(findings)
    for record in findings.records.values():
        if record.address in findings.left_out or record.address in findings.blocked:
            continue
        for item in record.deposed:
            silence = findings.replaced.get(item.identity)
            idle = [
                name
                for name in standing.get(item.identity, ())
                if name not in findings.operations and name != record.address
            ]
            if silence is not None:
                why, step = silence.reason, "make it reachable, then plan again"
            elif idle:
                why, step = f"{idle[0]} still stands on it", f"have {idle[0]} changed or deleted"
            else:
                findings.further.append(_deletion(item, findings))
                continue
            text = f"its replaced object {item.generation}: {why}"
            findings.block(record.address, record.kind, text, step)
            break


def _standing_on(findings: Findings) -> dict[str, list[str]]:
    """The addresses whose objects refer to each object, by the identity of that."""
    found: dict[str, list[str]] = {}
    for record in findings.records.values():
        for target in record.targets.values():
            found.setdefault(target.identity, []).append(record.address)
    return found


def _deletion(item: Record, findings: Findings) -> Operation:
    main = findings.operations.get(item.address)
    of_it = {
        "deposed": item.generation,
        "depends_on": () if main is None else (main.address,),
    }
    return operation_on(item, Action.DELETE, Reason.DEPOSED).model_copy(update=of_it)
