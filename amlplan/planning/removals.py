"""Plans the deletion of what is recorded and no longer wanted."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from amlplan.addresses import node_of
from amlplan.planning.absence import Absence
from amlplan.planning.moves import forgotten
from amlplan.planning.recorded import operation_on
from amlplan.wording import in_shell
from amlplan_schemas.plan import Action, Operation, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.planning.findings import Findings
    from amlplan_schemas.state import Record

Dependants = dict[str, set[str]]
"""By address, the addresses that lean on it."""


def plan_removals(findings: Findings, reason: Reason = Reason.NO_CONFIGURATION) -> None:
    """Plan every deletion, dependants first, once all that is wanted was planned.

    What carries something that waits is blocked instead, also where it would be replaced.
    """
    everything = reason is Reason.DESTROY
    evaluation = findings.inputs.evaluation
    dependants = _dependants(findings)
    doomed = {
        address: record
        for address, record in findings.records.items()
        if everything or not is_configured(address, findings)
    }
    chosen = findings.selection.removable(doomed, dependants)
    findings.left_out |= doomed.keys() - chosen
    findings.left_out |= findings.records.keys() - doomed.keys() - evaluation.blocks.keys()
    absence = Absence(evaluation)
    protected = evaluation.protected() if everything else frozenset()
    block_unanswered(findings, everything=everything)
    _keep_what_carries_others(findings, dependants)
    for address in _deletion_order({name: doomed[name] for name in chosen}, dependants):
        record = doomed[address]
        silent = findings.silence_of(address, record)
        if silent is not None:
            findings.block(address, record.kind, *silent)
        elif not _carries_what_waits(findings, address, record.kind, dependants):
            why = reason if everything else absence.reason(address)
            deletion = _deletion(findings, record, why, dependants)
            operation = _as_removed(deletion, findings, everything=everything)
            is_protected = record.protected or address in protected
            if is_protected and operation.action is Action.DELETE:
                step = _next_step(address, is_configured=is_configured(address, findings))
                findings.block(address, record.kind, "prevent_destroy protects it", step)
            else:
                findings.operations[address] = operation


def _next_step(address: str, *, is_configured: bool) -> str:
    """How to have something deleted that is protected."""
    if is_configured:
        return "apply it with prevent_destroy = false, then delete it"
    return f"amlplan state unprotect {in_shell(address)} -reason=TEXT, then apply again"


def is_configured(address: str, findings: Findings) -> bool:
    """Whether the configuration has an object, also where the options keep it from being looked at.

    Of a block that nothing asked for it is not known which objects it stands for, so all do.
    """
    if address in findings.inputs.evaluation.blocks:
        return True
    nodes = findings.selection.nodes
    if nodes is None or node_of(address) in nodes:
        return False
    return node_of(address) in findings.inputs.evaluation.blocks_of()


def _as_removed(deletion: Operation, findings: Findings, *, everything: bool) -> Operation:
    """The deletion as a `removed` block has it, which may let the object stay."""
    configuration = findings.inputs.evaluation.configuration
    is_kept = None if everything else forgotten(deletion.address, configuration)
    if is_kept is None:
        return deletion
    changes: dict[str, object] = {"reason": Reason.REMOVED}
    if is_kept:
        changes |= {"action": Action.FORGET, "calls_provider": False, "depends_on": ()}
    return deletion.model_copy(update=changes)


def _carries_what_waits(
    findings: Findings, address: str, kind: str, dependants: Dependants
) -> bool:
    """Block an object that must stay, because another leans on it that cannot move now."""
    for name in dependants.get(address, ()):
        if name in findings.left_out and name in findings.records:
            why = f"{name} needs it, and the options leave that out of this plan"
            findings.block(
                address, kind, why, f"add -target={in_shell(name)}, or plan without options"
            )
            return True
        waiting = findings.blocked.get(name) or findings.deferred.get(name)
        if waiting is not None:
            word = "blocked" if name in findings.blocked else "deferred"
            findings.block(address, kind, f"{name} is {word} and needs it", waiting.next_step)
            return True
    return False


def _keep_what_carries_others(findings: Findings, dependants: Dependants) -> None:
    """Block replacements under objects that wait, and then what refers to those."""
    operations = findings.operations
    replaced = [item for item in operations.values() if item.action is Action.REPLACE]
    stuck = [
        item.address
        for item in replaced
        if _carries_what_waits(findings, item.address, item.kind, dependants)
    ]
    for address in stuck:
        del operations[address]
    if not stuck:
        return
    for address in list(findings.inputs.evaluation.blocks):
        operation = operations.get(address)
        if operation is not None and findings.waits_for_others(operation):
            del operations[address]
    _keep_what_carries_others(findings, dependants)


def block_unanswered(findings: Findings, *, everything: bool) -> None:
    """Block what may have been created and is in no record yet, so that it is not forgotten."""
    state = findings.inputs.state
    configured = findings.inputs.evaluation.blocks
    for address, intent in state.pending.items():
        wanted = not everything and address in configured
        silent = findings.silence_of(address, None)
        if silent is not None and address not in state.records and not wanted:
            findings.block(address, intent.draft.kind, *silent)


def _deletion(
    findings: Findings, record: Record, reason: Reason, dependants: Dependants
) -> Operation:
    leaning = dependants.get(record.address, ())
    earlier = tuple(sorted(name for name in leaning if name in findings.operations))
    return operation_on(record, Action.DELETE, reason).model_copy(update={"depends_on": earlier})


def _dependants(findings: Findings) -> Dependants:
    """By address, what leans on it, or may: an interrupted create may have made its object."""
    found: Dependants = {}
    pending = (item.draft for item in findings.inputs.state.pending.values())
    for record in (*findings.records.values(), *pending):
        for name in record.depends_on:
            found.setdefault(name, set()).add(record.address)
    return found


def _deletion_order(doomed: Mapping[str, Record], dependants: Dependants) -> list[str]:
    """The addresses with every dependant before what it depends on."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for address in sorted(doomed):
        sorter.add(address, *sorted(dependants.get(address, set()) & doomed.keys()))
    return list(sorter.static_order())
