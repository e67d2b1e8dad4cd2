"""Diagnostics for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.diagnostics import Severity
from amlplan_schemas.diagnostics import (
    DiagnosticReport,
    Place,
    Range,
    ShownValue,
    Snippet,
    ValidationReport,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.diagnostics import Diagnostic, SourceRange


def validation_json(diagnostics: Sequence[Diagnostic]) -> str:
    """What a check found, as a document; what is not there is left out."""
    errors = sum(item.severity is Severity.ERROR for item in diagnostics)
    report = ValidationReport(
        format_version="1.0",
        valid=errors == 0,
        error_count=errors,
        warning_count=len(diagnostics) - errors,
        diagnostics=tuple(map(diagnostic_report, diagnostics)),
    )
    return report.model_dump_json(indent=2, exclude_unset=True)


def diagnostic_report(diagnostic: Diagnostic) -> DiagnosticReport:
    """One diagnostic; only what it has is set."""
    report = DiagnosticReport(
        severity=diagnostic.severity.value,
        summary=diagnostic.summary,
        detail=diagnostic.detail,
        code=diagnostic.code,
    )
    found: dict[str, object] = {}
    if diagnostic.address is not None:
        found["address"] = diagnostic.address
    if diagnostic.range is not None:
        found["range"] = _range(diagnostic.range)
        found["snippet"] = _snippet(diagnostic, diagnostic.range)
    return report.model_copy(update=found)


def _range(place: SourceRange) -> Range:
    return Range(
        filename=place.source.filename,
        start=_place(place, place.start),
        end=_place(place, place.end),
    )


def _place(place: SourceRange, offset: int) -> Place:
    position = place.position_of(offset)
    return Place(line=position.line, column=position.column, byte=position.byte)


def _snippet(diagnostic: Diagnostic, place: SourceRange) -> Snippet:
    """Every line of the place, whole."""
    text = place.source.text
    first = text.rfind("\n", 0, place.start) + 1
    line_end = text.find("\n", place.end)
    code = text[first : len(text) if line_end < 0 else line_end].rstrip("\r\n")
    start = len(text[first : place.start].encode())
    end = len(text[first : place.end].encode())
    return Snippet(
        context=diagnostic.context,
        code=code,
        start_line=place.position_of(place.start).line,
        highlight_start_offset=min(start, len(code.encode())),
        highlight_end_offset=min(end, len(code.encode())),
        values=tuple(
            ShownValue(traversal=name, statement=f"is {shown}") for name, shown in diagnostic.values
        ),
    )
