"""What has to happen to one resource, given what is wanted, recorded and observed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.planning.compare import (
    compare_inputs,
    drifted_inputs,
    only_metadata,
    seen_inputs,
    watched_changes,
    with_behaviour,
)
from amlplan.planning.diff import changed_leaves
from amlplan.planning.recorded import shown_values
from amlplan.pointers import top_field
from amlplan.provider import Missing, Present, Refinement, Refines, has
from amlplan_schemas.base import Trait, marked_fields, reference_fields
from amlplan_schemas.plan import (
    KIND,
    Action,
    Drift,
    DriftClass,
    FieldChange,
    FieldSource,
    Operation,
    Reason,
)
from amlplan_schemas.state import Secret, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.lifecycle import Lifecycle
    from amlplan.planning.compare import SecretDigests
    from amlplan.planning.want import Wanted
    from amlplan.provider import Observed, Reads, Targets
    from amlplan_schemas.base import JsonValue, ResourceInputs
    from amlplan_schemas.state import Record


@dataclass(frozen=True, slots=True)
class Subject:
    """One resource of the configuration, with all that decides what has to happen to it.

    `observed` is never Unreachable; `targets` are the records of what it refers to, where those
    stay; `serial` is the state's, from which generations are counted.
    """

    wanted: Wanted
    record: Record | None
    observed: Observed
    provider: Reads
    digests: SecretDigests
    serial: int
    targets: Targets
    is_triggered: bool = False
    """Whether something changes that the object is to be replaced with."""
    is_requested: bool = False
    """Whether an option asks for the object to be made anew."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An operation, or None where nothing has to happen; drift, where something else did.

    `known_outputs` are the outputs that other blocks may rely on at plan.
    """

    operation: Operation | None = None
    drift: Drift | None = None
    known_outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    unresolved: tuple[str, ...] = ()


def decide(subject: Subject) -> Decision:
    """What has to happen to a resource of the configuration."""
    wanted, record, observed = subject.wanted, subject.record, subject.observed
    if record is None:
        return Decision(_create(subject, Reason.NEW))
    if isinstance(observed, Missing):
        gone = drift_of(record, observed, subject.provider)
        return Decision(_create(subject, Reason.DELETED_OUTSIDE), gone)
    if record.kind != wanted.block.kind:
        change = FieldChange(
            path=KIND, before=record.kind, after=wanted.block.kind, forces_replacement=True
        )
        operation = _replace(subject, record, (change,), Reason.CANNOT_UPDATE)
        # What leans on the old object, and goes with it, needs it to be there until then.
        return Decision(operation.model_copy(update={"create_first": True}))
    if record.status is Status.INCOMPLETE and not record.outputs.values:
        return Decision(_unfinished(subject, record))
    assert isinstance(observed, Present)  # noqa: S101 - Unreachable is blocked by the caller
    return _change(subject, record, observed)


def _change(subject: Subject, record: Record, observed: Present) -> Decision:
    """What has to happen to an object that is there."""
    wanted, provider = subject.wanted, subject.provider
    drift = _that_counts(drift_of(record, observed, provider), wanted.lifecycle)
    model = provider.kind.inputs
    comparison = compare_inputs(
        wanted.checked, record.inputs, observed.inputs, subject.digests, model
    )
    changes = (
        *(item for item in comparison.changes if not _is_ignored(item, wanted, model)),
        *changed_leaves(record.derived, wanted.derived, FieldSource.DERIVED),
        *watched_changes(record, observed.outputs, provider.kind.outputs),
    )
    refinement = Refinement()
    if changes and has(provider, Refines):
        refinement = provider.refine(wanted.draft, wanted.derived, record, subject.targets)
        changes = tuple(item for item in changes if top_field(item.path) not in refinement.same)
    changes = with_behaviour(changes, provider.kind.inputs, refinement.replace)
    unresolved = comparison.unresolved
    reason = _reason_to_replace(subject, record, changes)
    if reason is not None:
        operation = _replace(subject, record, changes, reason)
        seen = {"before": _seen_values(record, observed, provider)}
        return Decision(operation.model_copy(update=seen), drift, unresolved=unresolved)
    protects = record.protected != wanted.lifecycle.prevent_destroy
    if not changes and drift is None and record.status is Status.OK and not protects:
        return Decision(None, None, record.outputs.values, unresolved)
    operation, kept = _update(subject, record, changes, drift, refinement)
    if protects:
        note = "protected against destruction from now on"
        note = note if wanted.lifecycle.prevent_destroy else "protected no longer"
        both = "; ".join(filter(None, (operation.note, note)))
        operation = operation.model_copy(update={"note": both})
    if changes:
        seen = {"before": _seen_values(record, observed, provider)}
        operation = operation.model_copy(update=seen)
    return Decision(operation, drift, kept, unresolved)


def _reason_to_replace(
    subject: Subject, record: Record, changes: tuple[FieldChange, ...]
) -> Reason | None:
    if any(change.forces_replacement for change in changes):
        return Reason.CANNOT_UPDATE
    if record.status is Status.TAINTED:
        return Reason.TAINTED
    if subject.is_requested:
        return Reason.REQUESTED
    return Reason.TRIGGERED if subject.is_triggered else None


def _is_ignored(change: FieldChange, wanted: Wanted, model: type[ResourceInputs]) -> bool:
    is_reference = top_field(change.path) in reference_fields(model)
    return not is_reference and wanted.lifecycle.ignores(change.path)


def _that_counts(drift: Drift | None, lifecycle: Lifecycle) -> Drift | None:
    """The drift without what the block ignores."""
    if drift is None or not lifecycle.ignored or not drift.changes:
        return drift
    changes = tuple(
        item
        for item in drift.changes
        if item.source is not FieldSource.INPUT or not lifecycle.ignores(item.path)
    )
    return drift.model_copy(update={"changes": changes}) if changes else None


def _update(
    subject: Subject,
    record: Record,
    changes: tuple[FieldChange, ...],
    drift: Drift | None,
    refinement: Refinement,
) -> tuple[Operation, Mapping[str, JsonValue]]:
    """An update in place, and the outputs that stay known through it."""
    incomplete = record.status is Status.INCOMPLETE
    drifted = {item.path for item in drift.changes} if drift is not None else set()
    # What drifted to just what is wanted leaves nothing to do but to write it down.
    accepts = drift is not None and not changes
    shown = drift.changes if drift is not None and not changes else changes
    calls = incomplete or not (accepts or only_metadata(shown, subject.provider.kind.inputs))
    kept: Mapping[str, JsonValue] = record.outputs.values
    if calls:
        stable = marked_fields(subject.provider.kind.outputs, Trait.STABLE) | refinement.stable
        kept = {name: value for name, value in kept.items() if name in stable}
    reason = Reason.CHANGED
    if incomplete:
        reason = Reason.INCOMPLETE
    elif drifted and {item.path for item in shown} <= drifted:
        reason = Reason.DRIFTED
    planned = _operation(subject, Action.UPDATE, reason, record.generation, record, kept)
    return planned.model_copy(
        update={
            "changes": shown,
            "expected": dict(refinement.expected) if calls else {},
            "calls_provider": calls,
            "note": refinement.note,
        }
    ), kept


def _create(subject: Subject, reason: Reason) -> Operation:
    record = subject.record
    if record is None:
        generation = subject.serial + 1
    elif reason is Reason.INCOMPLETE:
        generation = record.generation
    else:
        generation = max(subject.serial, record.generation) + 1
    refinement = Refinement()
    if has(subject.provider, Refines):
        wanted = subject.wanted
        refinement = subject.provider.refine(wanted.draft, wanted.derived, None, subject.targets)
    planned = _operation(subject, Action.CREATE, reason, generation, None, {})
    return planned.model_copy(
        update={"expected": dict(refinement.expected), "note": refinement.note}
    )


def _unfinished(subject: Subject, record: Record) -> Operation:
    """Goes on with an interrupted create, or removes what it began where that does not fit."""
    model = subject.provider.kind.inputs
    comparison = compare_inputs(subject.wanted.checked, record.inputs, {}, subject.digests, model)
    changes = with_behaviour(comparison.changes, model)
    if any(change.forces_replacement for change in changes):
        return _replace(subject, record, changes, Reason.CANNOT_UPDATE)
    if subject.is_requested:
        return _replace(subject, record, (), Reason.REQUESTED)
    return _create(subject, Reason.INCOMPLETE)


def _replace(
    subject: Subject, record: Record, changes: tuple[FieldChange, ...], reason: Reason
) -> Operation:
    return _create(subject, reason).model_copy(
        update={
            "action": Action.REPLACE,
            "create_first": subject.wanted.lifecycle.create_before_destroy,
            "changes": changes,
            "before": shown_values(record),
            "note": None,
        }
    )


def _operation(
    subject: Subject,
    action: Action,
    reason: Reason,
    generation: int,
    record: Record | None,
    known_outputs: Mapping[str, JsonValue],
) -> Operation:
    wanted, kind = subject.wanted, subject.provider.kind
    checked = wanted.checked
    after: dict[str, JsonValue] = dict(checked.values)
    unknown = set(checked.unknown)
    for name in kind.outputs.model_fields:
        if name in known_outputs:
            after[name] = known_outputs[name]
        elif name not in wanted.derived:
            after[name] = None
            unknown.add(f"/{name}")
    after.update(wanted.derived)
    return Operation(
        address=wanted.block.address,
        kind=wanted.block.kind,
        name=wanted.draft.name,
        provider=kind.provider,
        action=action,
        reason=reason,
        generation=generation,
        before=None if record is None else shown_values(record),
        after=after,
        unknown=tuple(sorted(unknown)),
        sensitive=tuple(
            sorted({*checked.secrets, *(record.inputs.secrets if record is not None else ())})
        ),
        secrets={
            path: Secret.model_validate(
                {"scheme": leaf.reference.scheme, "argument": leaf.reference.argument}
                if leaf.reference is not None
                else {}
            )
            for path, leaf in checked.secrets.items()
        },
    )


def _seen_values(record: Record, observed: Present, provider: Reads) -> dict[str, JsonValue]:
    """A record's values with what was seen outside laid over them."""
    watched = marked_fields(provider.kind.outputs, Trait.WATCHED)
    outputs = {name: value for name, value in observed.outputs.items() if name in watched}
    return {**shown_values(record), **seen_inputs(record, observed.inputs), **outputs}


def drift_of(record: Record, observed: Observed, provider: Reads) -> Drift | None:
    """How the object differs from what the last apply left, or None."""
    drift_class = DriftClass.CHANGED_OUTSIDE
    changes: tuple[FieldChange, ...] = ()
    reason = ""
    after: dict[str, JsonValue] | None = None
    if isinstance(observed, Missing):
        drift_class = DriftClass.DELETED_OUTSIDE
        reason = "the object is gone"
    elif isinstance(observed, Present):
        changes = (
            *drifted_inputs(record, observed.inputs),
            *watched_changes(record, observed.outputs, provider.kind.outputs),
        )
        if not changes:
            return None
        after = _seen_values(record, observed, provider)
    else:
        drift_class = DriftClass.UNREACHABLE
        reason = observed.reason
    return Drift(
        address=record.address,
        kind=record.kind,
        name=record.name,
        drift_class=drift_class,
        changes=changes,
        reason=reason,
        before=shown_values(record),
        after=after,
        sensitive=tuple(sorted(record.inputs.secrets)),
    )
