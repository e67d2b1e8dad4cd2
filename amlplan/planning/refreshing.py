"""Has the state take over what objects are like now: after drift, or where a target is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.defects import defects_explained
from amlplan.errors import PlanError
from amlplan.planning.compare import seen_inputs
from amlplan.planning.decide import drift_of
from amlplan.planning.diff import changed_leaves
from amlplan.planning.observe import targets_of
from amlplan.planning.recorded import operation_on, shown_values
from amlplan.planning.removals import block_unanswered
from amlplan.planning.selection import named
from amlplan.provider import Identifies, Missing, Present, has
from amlplan_schemas.plan import Action, FieldChange, FieldSource, Operation, Reason
from amlplan_schemas.state import Secret, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.planning.findings import Findings
    from amlplan.provider import Kinds, Observed
    from amlplan_schemas.state import Record


def plan_refresh(findings: Findings) -> None:
    """Plan that each record says what its object is like now; what is gone is forgotten."""
    block_unanswered(findings, everything=True)
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
        if isinstance(observed, Missing) and record.deposed:
            why = "it is gone, and what it replaced still has to be deleted"
            findings.block(address, record.kind, why, "amlplan apply")
        elif isinstance(observed, Missing):
            findings.operations[address] = operation_on(
                record, Action.FORGET, Reason.DELETED_OUTSIDE
            )
        else:
            now = as_seen(record, observed)
            changes = tuple(item for item in drift.changes if item.source is FieldSource.INPUT)
            if now != record:
                findings.operations[address] = refreshing(record, now, Reason.REFRESHED, changes)


def as_seen(record: Record, observed: Observed) -> Record:
    """A record of an object that is there, with its inputs as they are now.

    Secrets stay as they were recorded, and so do outputs: one that is not as it was says that
    something is damaged, which would be the norm once it was written down.
    """
    assert isinstance(observed, Present)  # noqa: S101 - the others have no values
    inputs = {**record.inputs.values, **seen_inputs(record, observed.inputs)}
    return record.model_copy(update={"inputs": Tree(values=inputs, secrets=record.inputs.secrets)})


def refreshing(
    record: Record, now: Record, reason: Reason, changes: tuple[FieldChange, ...]
) -> Operation:
    """The operation that writes down what an object is like."""
    secrets = {
        path: Secret(scheme=secret.scheme, argument=secret.argument)
        for path, secret in record.inputs.secrets.items()
    }
    return operation_on(record, Action.REFRESH, reason).model_copy(
        update={"changes": changes, "after": shown_values(now), "secrets": secrets}
    )


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
