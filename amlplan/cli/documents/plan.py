"""A plan as a document, in the shape that readers of Terraform's plans know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.cli.documents.checks import check_documents
from amlplan.cli.documents.marks import marks, path_of
from amlplan.cli.documents.objects import identity_of, object_name
from amlplan.cli.documents.operations import (
    actions_of,
    moved_from,
    places_of,
    reasons_of,
    taken_over,
)
from amlplan_schemas.plan import DriftClass, Risk
from amlplan_schemas.plan_output import PLAN_OUTPUT_FORMAT, PlanOutput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.cli.documents.operations import Place
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.plan import Drift, Import, Operation, OutputChange, Plan

_LOWEST_FIRST = (Risk.NONE, Risk.LOW, Risk.MEDIUM, Risk.HIGH)


def plan_json(plan: Plan) -> str:
    """The document of a plan; holds no secret, since a plan has none."""
    return plan_document(plan).model_dump_json(indent=2, exclude_unset=True)


def plan_document(plan: Plan) -> PlanOutput:
    """The document of a plan as data."""
    bindings = plan.bindings
    drift = [item for item in plan.drift if item.drift_class is not DriftClass.UNREACHABLE]
    options = plan.options
    is_part = bool(options.targets or options.excluded or plan.left_out)
    waits = plan.deferred or plan.blocked or plan.mode in {"refresh", "import"}
    return PlanOutput.model_validate(
        {
            "format_version": PLAN_OUTPUT_FORMAT,
            "amlplan_version": bindings.amlplan_version,
            "variables": {name: {"value": value} for name, value in bindings.variables.items()},
            "resource_drift": list(map(_drift, drift)),
            "resource_changes": list(_changes(plan)),
            "output_changes": {item.name: _output(item) for item in plan.outputs},
            "checks": list(check_documents(plan.checks)),
            "applyable": plan.has_differences,
            "complete": not (waits or is_part),
            "errored": False,
            "x_amlplan": _details(plan),
        }
    )


def _changes(plan: Plan) -> Iterator[dict[str, Any]]:
    """Every operation, then what is only taken over or moved."""
    places, moved, taken = places_of(plan.operations), moved_from(plan), taken_over(plan)
    for operation in plan.operations:
        change = _change(operation)
        found = identity_of(operation.address, operation.kind)
        if operation.deposed is not None:
            found["deposed"] = str(operation.deposed)
        elif operation.address in moved:
            found["previous_address"] = moved[operation.address]
        if operation.deposed is None and operation.address in taken:
            change["importing"] = {"id": taken[operation.address]}
        reasons = reasons_of(operation)
        if reasons is not None:
            found["action_reason"] = reasons[0]
        found |= {"provider_name": operation.provider, "change": change}
        yield found | {"x_amlplan": _operation_details(operation, places[operation.key])}
    done = {operation.address for operation in plan.operations}
    for item in plan.imports:
        if item.address not in done:
            yield _only_taken_over(item, moved)
    done |= {item.address for item in plan.imports}
    for now, before in moved.items():
        if now not in done:
            yield {**_unnamed(now), "previous_address": before, "change": _no_op(None)}


def _change(operation: Operation) -> dict[str, Any]:
    before, after = operation.before, operation.after
    found: dict[str, Any] = {
        "actions": actions_of(operation),
        "before": before,
        "after": after,
        "after_unknown": marks(after, operation.unknown),
        "before_sensitive": marks(before, operation.sensitive),
        "after_sensitive": marks(after, operation.sensitive),
    }
    forced = [item.path for item in operation.changes if item.forces_replacement]
    if forced:
        found["replace_paths"] = [path_of(after, path) for path in forced]
    return found


def _operation_details(operation: Operation, place: Place) -> dict[str, Any]:
    found = {
        "key": operation.key,
        "reason": operation.reason,
        "risk": operation.risk,
        "stage": place.stage,
        "name": operation.name,
        "generation": operation.generation,
        "calls_provider": operation.calls_provider,
        "depends_on": operation.depends_on,
        "expected": operation.expected,
        "changes": operation.changes,
    }
    return found if operation.note is None else {**found, "note": operation.note}


def _only_taken_over(item: Import, moved: Mapping[str, str]) -> dict[str, Any]:
    record = item.record
    values = {**record.inputs.values, **record.outputs.values, **record.derived}
    change = _no_op(values, tuple(record.inputs.secrets)) | {"importing": {"id": item.id}}
    found = identity_of(item.address, record.kind)
    if item.address in moved:
        found["previous_address"] = moved[item.address]
    return {**found, "provider_name": record.provider, "change": change}


def _unnamed(address: str) -> dict[str, Any]:
    """An object that a plan only moves: its kind is not in the plan, its type of block stands."""
    return identity_of(address, object_name(address).block)


def _no_op(values: JsonValue, sensitive: tuple[str, ...] = ()) -> dict[str, Any]:
    hidden = marks(values, sensitive)
    return {
        "actions": ["no-op"],
        "before": values,
        "after": values,
        "after_unknown": marks(values, ()),
        "before_sensitive": hidden,
        "after_sensitive": hidden,
    }


def _drift(drift: Drift) -> dict[str, Any]:
    is_gone = drift.drift_class is DriftClass.DELETED_OUTSIDE
    return {
        **identity_of(drift.address, drift.kind),
        "change": {
            "actions": ["delete" if is_gone else "update"],
            "before": drift.before,
            "after": drift.after,
            "after_unknown": marks(drift.after, ()),
            "before_sensitive": marks(drift.before, drift.sensitive),
            "after_sensitive": marks(drift.after, drift.sensitive),
        },
        "x_amlplan": {
            "drift_class": drift.drift_class,
            "reason": drift.reason,
            "changes": drift.changes,
        },
    }


def _output(change: OutputChange) -> dict[str, Any]:
    return {
        "actions": [change.action],
        "before": change.before,
        "after": change.after,
        "after_unknown": change.unknown,
        "before_sensitive": change.sensitive and change.action != "create",
        "after_sensitive": change.sensitive and change.action != "delete",
    }


def _details(plan: Plan) -> dict[str, Any]:
    bindings, places = plan.bindings, places_of(plan.operations)
    risks = [operation.risk for operation in plan.operations]
    steps = [
        {
            "stage": places[operation.key].stage,
            "key": operation.key,
            "address": operation.address,
            "actions": actions_of(operation),
            "after": places[operation.key].after,
        }
        for operation in plan.operations
    ]
    return {
        "mode": plan.mode,
        "risk": max(risks, key=_LOWEST_FIRST.index, default=Risk.NONE),
        "lineage": bindings.lineage,
        "serial": bindings.serial,
        "unchanged": plan.unchanged,
        "digests": {
            "plan": plan.id,
            "configuration": bindings.configuration,
            "lock": bindings.lock,
        },
        "steps": sorted(steps, key=lambda step: step["stage"]),
        "deferred": plan.deferred,
        "blocked": plan.blocked,
        "notes": plan.notes,
        "options": plan.options,
        "left_out": plan.left_out,
    }
