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

    from amlplan.events import EventSink
    from amlplan.planning.findings import PlanInputs
    from amlplan_schemas.state import Record


def begin(inputs: PlanInputs) -> Findings:
    """Findings of a plan that begins, in which nothing was looked at yet."""
    records = dict(inputs.state.records)
    selection = selection_of(inputs.options, inputs.evaluation)
    findings = Findings(inputs, selection, records, {})
    for address in sorted(named(inputs.options.forget, records)):
        record = findings.forgotten[address] = records.pop(address)
        findings.further.append(operation_on(record, Action.FORGET, Reason.REQUESTED))
    accept_identities(findings)
    return findings


def look(findings: Findings, emit: EventSink, addresses: Collection[str] | None = None) -> Findings:
    """The same findings, with the objects of these addresses observed, or of all; blocks.

    What the options leave out is not looked at.
    """
    inputs = findings.inputs
    readable = [
        record
        for record in findings.records.values()
        if record.outputs.values
        and (addresses is None or record.address in addresses)
        and _may_be_planned(record, findings)
    ]
    found = observe(readable, findings.records, inputs.registry, emit, inputs.parallelism)
    findings.observed.update(found)
    observe_deposed(findings)
    return findings


def looked_at(inputs: PlanInputs, emit: EventSink) -> Findings:
    """Findings of a plan that begins, with everything observed unless the options say otherwise."""
    findings = begin(inputs)
    return findings if inputs.options.refresh is Refresh.NONE else look(findings, emit)


def _may_be_planned(record: Record, findings: Findings) -> bool:
    """Whether the options may have an object be planned; what is left out is not looked at."""
    selection = findings.selection
    return selection.is_everything or selection.wants(record.address)


def check_options(findings: Findings) -> None:
    """Raise UnknownAddressError for an option that names nothing there is."""
    inputs = findings.inputs
    addresses = {*findings.records, *findings.forgotten, *inputs.evaluation.blocks}
    check_names(inputs.options, inputs.evaluation, addresses | inputs.state.pending.keys())
