"""A plan, as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.reports.of_drift import drifted
from amlplan.cli.reports.plain import one_line, plain
from amlplan.cli.reports.report import Counts, Finding, Report
from amlplan.cli.reports.rules import PLAN
from amlplan.cli.text.plan import NO_CHANGES, counts, has_differences, operation_text
from amlplan.planning.drift import DIFFERS, Places
from amlplan_schemas.drift import LookedAt, PendingAction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.planning.findings import PlanInputs
    from amlplan_schemas.drift import BlockPlace
    from amlplan_schemas.plan import Plan

_HEADLINES = {
    "create": "will be created",
    "update": "will be updated in-place",
    "replace": "must be replaced",
    "delete": "will be destroyed",
    "forget": "will be let go of",
    "refresh": "will be taken over as it is",
}


def of_plan(plan: Plan, inputs: PlanInputs, somewhere: BlockPlace | None = None) -> Report:
    """The report over every resource that is wanted or recorded."""
    places = Places(inputs.evaluation)
    added, changed, destroyed = counts(plan)
    total = f"Plan: {added} to add, {changed} to change, {destroyed} to destroy."
    return Report(
        title="amlplan plan",
        summary=total if has_differences(plan) or plan.waiting else NO_CHANGES,
        resources=tuple(_resources(inputs, places)),
        findings=tuple(_findings(plan, places)),
        counts=Counts(added, changed, destroyed),
        has_changes=has_differences(plan),
        has_drift=any(item.drift_class in DIFFERS for item in plan.drift),
        somewhere=somewhere,
        remarks=tuple(
            f"{f'{note.address}: ' if note.address else ''}{note.text}" for note in plan.notes
        ),
    )


def _resources(inputs: PlanInputs, places: Places) -> Iterator[LookedAt]:
    registry, blocks = inputs.registry, inputs.evaluation.blocks
    kinds = {address: record.kind for address, record in inputs.state.records.items()}
    kinds |= {
        address: block.kind
        for address, block in blocks.items()
        if not registry.is_configuration_only(block.kind)
    }
    for address, kind in sorted(kinds.items()):
        yield LookedAt(address=address, kind=kind, place=places.of(address))


def _findings(plan: Plan, places: Places) -> Iterator[Finding]:
    for drift in plan.drift:
        yield drifted(drift, "", places.of(drift.address))
    for name, now in plan.moves.items():
        text = f"{now} is where {name} moves to"
        yield _finding(PendingAction.MOVE, name, now, "", text, text, places)
    for taken in plan.imports:
        text = f"{taken.address} is to be what is there as {taken.id}"
        yield _finding(
            PendingAction.IMPORT,
            taken.address,
            taken.address,
            taken.record.kind,
            text,
            text,
            places,
        )
    for operation in plan.operations:
        title = f"{operation.key} {_HEADLINES[operation.action.value]}"
        yield _finding(
            operation.action,
            operation.key,
            operation.address,
            operation.kind,
            title,
            plain(operation_text(operation)),
            places,
        )
    waiting = ((PendingAction.DEFERRED, plan.deferred), (PendingAction.BLOCKED, plan.blocked))
    for action, items in waiting:
        for item in items:
            title = f"{item.address} is {action.value}: {item.reason}"
            text = f"{title}\nnext: {item.next_step}"
            yield _finding(action, "", item.address, item.kind, title, text, places)


def _finding(
    action: str, key: str, address: str, kind: str, title: str, text: str, places: Places
) -> Finding:
    return Finding(
        rule=PLAN[action],
        key=key,
        address=address,
        kind=kind,
        title=one_line(title),
        text=text,
        place=places.of(address),
    )
