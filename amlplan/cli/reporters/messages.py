"""What the lines of a stream hold: the fields of each type but those that every line has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.addresses import block_type_of
from amlplan.cli.documents.objects import object_name
from amlplan.cli.documents.operations import (
    actions_of,
    moved_from,
    reasons_of,
    taken_over,
    word_of,
)
from amlplan.cli.text.diagnostic_json import diagnostic_report
from amlplan.cli.text.plan import counts, is_stuck
from amlplan.diagnostics import Severity, error
from amlplan.errors import ConfigError
from amlplan.wording import counted
from amlplan_schemas.plan import DriftClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amlplan.diagnostics import Diagnostic
    from amlplan.errors import AmlplanError
    from amlplan.events import Concluded
    from amlplan_schemas.plan import Blocked, Deferred, Drift, Note, Operation, OutputChange, Plan
    from amlplan_schemas.state import StateOutput

Message = dict[str, Any]
FAILED_CHECK = "failed_check"


def message(type: str, text: str, level: str = "info", **fields: object) -> Message:  # noqa: A002 - the format's own word
    """A line of a type with its text for people."""
    return {"@level": level, "@message": text, "type": type, **fields}


def resource(address: str, kind: str) -> Message:
    """The object that a line is about."""
    name = object_name(address)
    return {
        "addr": address,
        "module": name.module,
        "resource": name.within_module,
        "resource_type": kind,
        "resource_name": name.label,
        "resource_key": name.key,
        "implied_provider": block_type_of(kind),
    }


def plan_messages(plan: Plan) -> Iterator[Message]:
    """A plan: what somebody else did, what apply would do, what waits, and the sum."""
    for drift in plan.drift:
        if drift.drift_class is not DriftClass.UNREACHABLE:
            yield _drift(drift)
    moved, taken = moved_from(plan), taken_over(plan)
    for operation in plan.operations:
        yield _planned(operation, moved, taken)
    yield from _without_operation(plan, moved)
    for deferred in plan.deferred:
        yield _waits("deferred", deferred)
    for blocked in plan.blocked:
        yield _waits("blocked", blocked)
    yield from note_messages(plan.notes)
    added, changed, removed = counts(plan)
    text = f"Plan: {added} to add, {changed} to change, {removed} to destroy."
    yield _summary(text, "plan", (added, changed, removed), len(taken))
    if plan.outputs:
        outputs = {item.name: _planned_output(item) for item in plan.outputs}
        yield message("outputs", f"Outputs: {len(outputs)}", outputs=outputs)


def _planned(operation: Operation, moved: Mapping[str, str], taken: Mapping[str, str]) -> Message:
    address, word = operation.address, word_of(operation)
    change: Message = {"resource": resource(address, operation.kind), "action": word}
    if operation.deposed is None:
        change |= _origins(address, operation.kind, moved, taken)
    reasons = reasons_of(operation)
    if reasons is not None:
        change["reason"] = reasons[1]
    details: Message = {
        "key": operation.key,
        "reason": operation.reason,
        "risk": operation.risk,
        "actions": actions_of(operation),
        "calls_provider": operation.calls_provider,
        "changes": operation.changes,
    }
    if operation.note is not None:
        details["note"] = operation.note
    change["x_amlplan"] = details
    return message("planned_change", f"{operation.key}: Plan to {word}", change=change)


def _origins(
    address: str, kind: str, moved: Mapping[str, str], taken: Mapping[str, str]
) -> Message:
    found: Message = {}
    if address in moved:
        found["previous_resource"] = resource(moved[address], kind)
    if address in taken:
        found["importing"] = {"id": taken[address]}
    return found


def _without_operation(plan: Plan, moved: Mapping[str, str]) -> Iterator[Message]:
    """What is taken over or moved, and otherwise stays as it is."""
    done = {operation.address for operation in plan.operations}
    kinds = {item.address: item.record.kind for item in plan.imports}
    taken = {item.address: item.id for item in plan.imports}
    for address in {**taken, **moved}:
        if address in done:
            continue
        word = "import" if address in taken else "move"
        kind = kinds.get(address, object_name(address).block)
        change = {"resource": resource(address, kind), "action": word}
        change |= _origins(address, kind, moved, taken)
        yield message("planned_change", f"{address}: Plan to {word}", change=change)


def _drift(drift: Drift) -> Message:
    is_gone = drift.drift_class is DriftClass.DELETED_OUTSIDE
    change = {
        "resource": resource(drift.address, drift.kind),
        "action": "delete" if is_gone else "update",
        "x_amlplan": {
            "drift_class": drift.drift_class,
            "reason": drift.reason,
            "changes": drift.changes,
        },
    }
    word = "deleted" if is_gone else "changed"
    return message("resource_drift", f"{drift.address}: Drift detected ({word})", change=change)


def _waits(word: str, item: Deferred | Blocked) -> Message:
    text = f"{item.address}: {word}: {item.reason}; next: {item.next_step}"
    waits = {
        "resource": resource(item.address, item.kind),
        "reason": item.reason,
        "next_step": item.next_step,
    }
    level = "warn" if word == "blocked" else "info"
    return message(word, text, level, **{word: waits})


def note_messages(notes: Iterable[Note]) -> Iterator[Message]:
    """Notes: checks that do not hold are warnings, the rest is for people."""
    for note in notes:
        address = {} if note.address is None else {"address": note.address}
        if note.code != FAILED_CHECK:
            text = note.text if note.address is None else f"{note.address}: {note.text}"
            yield message("log", text, code=note.code, **address)
            continue
        found = {
            "severity": "warning",
            "summary": "Check block assertion failed",
            "detail": note.text,
            "code": note.code,
            **address,
        }
        text = f"Warning: {found['summary']}"
        yield message("diagnostic", text, "warn", diagnostic=found)


def failure_messages(failure: AmlplanError) -> Iterator[Message]:
    """A failure, or each mistake in a configuration."""
    if isinstance(failure, ConfigError):
        yield from map(_diagnostic, failure.diagnostics)
        return
    found = error(failure.code, failure.summary, failure.detail, address=failure.address)
    yield _diagnostic(found)


def _diagnostic(diagnostic: Diagnostic) -> Message:
    is_error = diagnostic.severity is Severity.ERROR
    word, level = ("Error", "error") if is_error else ("Warning", "warn")
    report = diagnostic_report(diagnostic)
    return message(
        "diagnostic",
        f"{word}: {diagnostic.summary}",
        level,
        diagnostic=report.model_dump(mode="json", exclude_unset=True),
    )


def conclusion_messages(done: Concluded) -> Iterator[Message]:
    """The end of an apply but for its failures: notes, the sum, and the outputs."""
    yield from note_messages(done.notes)
    operation = "destroy" if done.plan.mode == "destroy" else "apply"
    is_whole = not (done.failures or done.interrupted or is_stuck(done.plan))
    text = (
        f"{operation.capitalize()} {'complete' if is_whole else 'incomplete'}! Resources: "
        f"{done.added} added, {done.changed} changed, {done.destroyed} destroyed."
    )
    numbers = done.added, done.changed, done.destroyed
    yield _summary(text, operation, numbers, done.imported)
    if done.outputs and is_whole:
        outputs = {name: _output(item) for name, item in sorted(done.outputs.items())}
        yield message("outputs", f"Outputs: {len(outputs)}", outputs=outputs)


def _summary(text: str, operation: str, numbers: tuple[int, int, int], imported: int) -> Message:
    added, changed, removed = numbers
    if imported:
        text = f"{text} {counted(imported, 'object')} taken over."
    changes = {
        "add": added,
        "change": changed,
        "remove": removed,
        "import": imported,
        "operation": operation,
    }
    return message("change_summary", text, changes=changes)


def _planned_output(change: OutputChange) -> Message:
    return {"action": change.action, "sensitive": change.sensitive}


def _output(output: StateOutput) -> Message:
    return {"sensitive": output.secret is not None, "value": output.value}
