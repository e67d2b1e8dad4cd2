"""Has the state take over what objects are like now: after drift, or where a target is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.defects import defects_explained
from amlplan.errors import PlanError
from amlplan.planning.compare import seen_inputs
from amlplan.planning.decide import drift_of, shown_values
from amlplan.planning.diff import changed_leaves
from amlplan.planning.observe import targets_of
from amlplan.planning.recorded import operation_on
from amlplan.planning.selection import named
from amlplan.provider import Identifies, Missing, Present, has
from amlplan_schemas.base import Trait, marked_fields
from amlplan_schemas.plan import Action, FieldChange, FieldSource, Operation, Reason
from amlplan_schemas.state import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.planning.findings import Findings
    from amlplan.provider import Kinds, Observed, Reads
    from amlplan_schemas.state import Record


def plan_refresh(findings: Findings) -> None:
    """Plan that each record says what its object is like now; what is gone is forgotten."""
    for address, record in findings.records.items():
        if not findings.selection.wants(address):
            findings.left_out.add(address)
            continue
        observed = findings.observed.get(address)
        if observed is None:
            continue
        silent = findings.silence_of(address, record)
        if silent is not None:
            findings.block(address, record.kind, *silent)
            continue
        provider = findings.inputs.registry.provider(record.kind)
        drift = drift_of(record, observed, provider)
        if drift is None:
            findings.unchanged += 1
            continue
        findings.drift.append(drift)
        if isinstance(observed, Missing):
            findings.operations[address] = operation_on(
                record, Action.FORGET, Reason.DELETED_OUTSIDE
            )
        else:
            now = as_seen(record, observed, provider)
            findings.operations[address] = refreshing(record, now, Reason.REFRESHED, drift.changes)


def as_seen(record: Record, observed: Observed, provider: Reads) -> Record:
    """A record of an object that is there, as that is now; secrets stay as they were recorded."""
    assert isinstance(observed, Present)  # noqa: S101 - the others have no values
    watched = marked_fields(provider.kind.outputs, Trait.WATCHED)
    seen = {name: value for name, value in observed.outputs.items() if name in watched}
    inputs = {**record.inputs.values, **seen_inputs(record, observed.inputs)}
    outputs = {**record.outputs.values, **seen}
    derived = {name: outputs.get(name, value) for name, value in record.derived.items()}
    return record.model_copy(
        update={
            "inputs": Tree(values=inputs, secrets=record.inputs.secrets),
            "outputs": Tree(values=outputs, secrets=record.outputs.secrets),
            "derived": derived,
        }
    )


def refreshing(
    record: Record, now: Record, reason: Reason, changes: tuple[FieldChange, ...]
) -> Operation:
    """The operation that writes down what an object is like."""
    operation = operation_on(record, Action.REFRESH, reason)
    return operation.model_copy(update={"changes": changes, "after": shown_values(now)})


def accept_identities(findings: Findings) -> None:
    """Have objects be those of the targets that are reached now, where an option says so.

    To be called before anything is looked at, as that is looked for where it is then.
    """
    for address in sorted(named(findings.inputs.options.accept_identity, findings.records)):
        record = findings.records[address]
        now = accepted(record, findings.records, findings.inputs.registry)
        changes = changed_leaves(record.outputs.values, now.outputs.values, FieldSource.OUTPUT)
        if not changes:
            continue
        findings.records[address] = now
        findings.further.append(refreshing(record, now, Reason.REQUESTED, changes))


def accepted(record: Record, records: Mapping[str, Record], registry: Kinds) -> Record:
    """A record as it is where its target is the one that is reached now."""
    provider = registry.provider(record.kind)
    if not has(provider, Identifies):
        raise PlanError(
            "No identity to accept",
            f"What {record.address} is does not depend on the target that is reached: objects of "
            f"{record.kind} have no identity of their own. Leave the option out, or name the "
            "target it refers to.",
            address=record.address,
        )
    with defects_explained(record.kind):
        return provider.with_identity_of_now(record, targets_of(record, records))
