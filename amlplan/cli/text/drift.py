"""What drift found as text: what differs, what is not applied yet, and how it all adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.style import styled, visible
from amlplan.cli.text.plan import drift_text
from amlplan.wording import counted
from amlplan_schemas.drift import PendingAction
from amlplan_schemas.plan import DriftClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_schemas.drift import DriftedObject, DriftReport, PendingConfig

HEADLINES = {
    PendingAction.CREATE: "is to be created",
    PendingAction.UPDATE: "is to be updated",
    PendingAction.REPLACE: "is to be replaced",
    PendingAction.DELETE: "is to be destroyed",
    PendingAction.FORGET: "is to be let go of",
    PendingAction.REFRESH: "is to be taken over as it is",
    PendingAction.MOVE: "is where it moves to",
    PendingAction.DEFERRED: "is deferred",
    PendingAction.BLOCKED: "is blocked",
}


def report_text(report: DriftReport) -> str:
    """The whole report; its summary comes last."""
    parts = [
        *map(drift_text, report.drift),
        *_others(report),
        *_pending(report),
        *(f"Note: {visible(note)}" for note in report.notes),
        *_uncompared(report),
    ]
    return "\n\n".join([*parts, "\n".join(_closing(report))])


def summary(report: DriftReport) -> str:
    """What was found, in one line."""
    if not report.objects and not report.drift:
        return "No drift. Nothing was applied yet."
    if not report.drift:
        return f"No drift. Looked at {counted(report.objects, 'object')}: as they were applied."
    silent = len(report.of_class(DriftClass.UNREACHABLE))
    extra = len(report.of_class(DriftClass.UNMANAGED))
    text = f"Drift: {len(report.drift) - silent - extra} of {report.objects} objects differ"
    if extra:
        text += f", {extra} {'is' if extra == 1 else 'are'} not managed"
    return f"{text}, {silent} could not be reached." if silent else f"{text}."


def pending_text(item: PendingConfig) -> str:
    """One thing that the configuration asks for."""
    reason = f": {visible(item.reason)}" if item.reason else ""
    return f"  # {styled('bold', f'{item.address} {HEADLINES[item.action]}')}{reason}"


def other_name(item: DriftedObject) -> str:
    """What an object is called that is of no address of this state, with what it carries."""
    carried = f" ({visible(item.identity)})" if item.identity else ""
    return f"{item.kind} {visible(item.name)}{carried}"


def _others(report: DriftReport) -> Iterator[str]:
    if report.others:
        lines = [f"  # {other_name(item)}: {item.reason}" for item in report.others]
        yield "\n".join(["Not of this state, so no drift:", "", *lines])


def _pending(report: DriftReport) -> Iterator[str]:
    if report.pending_config:
        lines = [pending_text(item) for item in report.pending_config]
        yield "\n".join(["Not applied yet, which is no drift:", "", *lines])


def _uncompared(report: DriftReport) -> Iterator[str]:
    if not report.configuration.compared:
        reason = visible(report.configuration.reason)
        yield f"The configuration could not be compared: {reason}. See: amlplan plan"


def _closing(report: DriftReport) -> Iterator[str]:
    yield styled("bold" if report.drift else "green", summary(report))
    repaired = {DriftClass.CHANGED_OUTSIDE, DriftClass.DELETED_OUTSIDE}
    if any(item.drift_class in repaired for item in report.drift):
        yield "To repair what differs: amlplan apply"
    if report.of_class(DriftClass.UNMANAGED):
        yield "What is not managed: take it over by importing it, or delete it where it is."
