"""What drift found, as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.reports.plain import one_line, plain
from amlplan.cli.reports.report import Counts, Finding, Report
from amlplan.cli.reports.rules import DRIFT
from amlplan.cli.text.drift import HEADLINES, other_name, pending_text, summary
from amlplan.cli.text.plan import drift_text
from amlplan.pointers import top_field
from amlplan_schemas.plan import DriftClass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan_schemas.drift import BlockPlace, DriftedObject, DriftReport, PendingConfig
    from amlplan_schemas.plan import Drift, FieldChange


def of_drift(report: DriftReport, somewhere: BlockPlace | None = None) -> Report:
    """The report; its counts are those of what would be repaired."""
    found = [drifted(item, item.identity or "", item.place) for item in report.drift]
    return Report(
        title="amlplan drift",
        summary=summary(report),
        resources=report.resources,
        findings=(*found, *map(_pending, report.pending_config)),
        counts=Counts(
            create=len(report.of_class(DriftClass.DELETED_OUTSIDE)),
            update=len(report.of_class(DriftClass.CHANGED_OUTSIDE)),
        ),
        has_changes=report.has_drift or bool(report.pending_config),
        has_drift=report.has_drift,
        somewhere=somewhere,
        remarks=tuple(_remarks(report)),
    )


def drifted(item: Drift | DriftedObject, key: str, place: BlockPlace | None) -> Finding:
    """A finding for an object that is not as it was left."""
    fields = _fields(item.changes)
    titles = {
        DriftClass.CHANGED_OUTSIDE: f"{item.address} was changed outside of amlplan{fields}",
        DriftClass.DELETED_OUTSIDE: f"{item.address} was deleted outside of amlplan",
        DriftClass.UNMANAGED: (
            f"{item.kind} {item.name} was made for {item.address}, and no record has it"
        ),
        DriftClass.UNREACHABLE: f"{item.address} could not be reached: {item.reason}",
    }
    return Finding(
        rule=DRIFT[item.drift_class],
        key=key,
        address=item.address,
        kind=item.kind,
        title=one_line(titles[item.drift_class]),
        text=plain(drift_text(item)),
        place=place,
    )


def _fields(changes: Iterable[FieldChange]) -> str:
    """The names of the fields that differ; never what is in them."""
    names = sorted({top_field(change.path) for change in changes})
    return f": {', '.join(names)}" if names else ""


def _pending(item: PendingConfig) -> Finding:
    return Finding(
        rule=DRIFT[DriftClass.PENDING_CONFIG],
        key=item.action.value,
        address=item.address,
        kind=item.kind,
        title=one_line(f"{item.address} {HEADLINES[item.action]}: not applied yet"),
        text=plain(pending_text(item)),
        place=item.place,
    )


def _remarks(report: DriftReport) -> list[str]:
    remarks = list(report.notes)
    if not report.configuration.compared:
        remarks.append(f"The configuration was not compared: {report.configuration.reason}.")
    if report.others:
        names = ", ".join(other_name(item) for item in report.others)
        remarks.append(f"Not of this state: {names}.")
    return remarks
