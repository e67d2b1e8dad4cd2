"""Begins a plan: the records as the options have them, and what was seen of their objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.planning.findings import Findings
from amlplan.planning.observe import observe
from amlplan.planning.recorded import operation_on
from amlplan.planning.refreshing import accept_identities
from amlplan.planning.replaced import observe_deposed
from amlplan.planning.selection import check_names, named, selection_of
from amlplan_schemas.plan import Action, Reason, Refresh

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Set as AbstractSet

    from amlplan.events import EventSink
    from amlplan.planning.findings import PlanInputs
    from amlplan_schemas.plan import Operation
    from amlplan_schemas.state import Record


def begin(inputs: PlanInputs) -> Findings:
    """Findings of a plan that begins, in which nothing was looked at yet."""
    records = dict(inputs.state.records)
    selection = selection_of(inputs.options, inputs.evaluation)
    findings = Findings(inputs, selection, records, {})
    for address in sorted(named(inputs.options.forget, records)):
        if address in inputs.unanswered:
            silent = findings.silence_of(address, records[address])
            assert silent is not None  # noqa: S101 - just that is unanswered
            findings.block(address, records[address].kind, *silent)
            continue
        record = findings.forgotten[address] = records.pop(address)
        findings.further.append(_forgetting(record))
    accept_identities(findings)
    return findings


def _forgetting(record: Record) -> Operation:
    """The operation that lets go of an object, and of those that it replaced."""
    operation = operation_on(record, Action.FORGET, Reason.REQUESTED)
    if not record.deposed:
        return operation
    numbers = ", ".join(str(item.generation) for item in record.deposed)
    return operation.model_copy(update={"note": f"and with it its replaced object {numbers}"})


def look(findings: Findings, emit: EventSink, addresses: Collection[str] | None = None) -> Findings:
    """The same findings, with the objects of these addresses observed, or of all; blocks.

    What the options leave out is not looked at.
    """
    inputs = findings.inputs
    chosen = _may_be_planned(findings)
    readable = [
        record
        for address, record in findings.records.items()
        if record.outputs.values
        and address in chosen
        and (addresses is None or address in addresses)
    ]
    known = {**findings.forgotten, **findings.records}
    found = observe(readable, known, inputs.registry, emit, inputs.parallelism)
    findings.observed.update(found)
    observe_deposed(findings)
    return findings


def _may_be_planned(findings: Findings) -> AbstractSet[str]:
    """The addresses that the options may have be planned: with a target what leans on it."""
    selection, records = findings.selection, findings.records
    if selection.is_everything:
        return records.keys()
    chosen = {address for address in records if selection.wants(address)}
    while True:
        leaning = {
            address
            for address, record in records.items()
            if address not in chosen and not chosen.isdisjoint(record.depends_on)
        }
        if not leaning:
            return chosen
        chosen |= leaning


def looked_at(inputs: PlanInputs, emit: EventSink) -> Findings:
    """Findings of a plan that begins, with everything observed unless the options say otherwise."""
    findings = begin(inputs)
    return findings if inputs.options.refresh is Refresh.NONE else look(findings, emit)


def check_options(findings: Findings) -> None:
    """Raise UnknownAddressError for an option that names nothing there is."""
    inputs = findings.inputs
    addresses = {*findings.records, *findings.forgotten, *inputs.evaluation.blocks}
    check_names(inputs.options, inputs.evaluation, addresses | inputs.state.pending.keys())
