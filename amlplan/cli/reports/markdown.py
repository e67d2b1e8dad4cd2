"""A report as Markdown: a table of what there is, then each finding with its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.reports.plain import code_block, code_span, prose
from amlplan.cli.reports.rules import RULES
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.cli.reports.report import Finding, Report

LIMIT = 1024 * 1024
"""Bytes that GitHub takes as the summary of a step."""
_RESERVE = 1024
_TEXT_AT_MOST = 64 * 1024
"""Letters of one finding, so that one of them does not take the place of all others."""


def markdown(report: Report, limit: int = LIMIT) -> str:
    """The page; one that would be too long ends with a line that says what is left out."""
    parts = [f"## {prose(report.title)}\n\n{prose(report.summary)}\n"]
    parts += [f"\n{prose(text)}\n" for text in report.remarks]
    if report.findings:
        parts.append(_table(report))
    room = limit - _RESERVE
    size = _size("".join(parts))
    shown = 0
    for section in _sections(report):
        size += _size(section)
        if size > room:
            break
        parts.append(section)
        shown += 1
    left = len(report.findings) - shown
    if left:
        verb = "is" if left == 1 else "are"
        parts.append(
            f"\n**This page is cut: {counted(left, 'finding')} of {len(report.findings):,} {verb} "
            f"left out, since GitHub takes {limit:,} bytes. -json has them all.**\n"
        )
    return "".join(parts)


def _table(report: Report) -> str:
    rows = []
    for rule in RULES:
        count = sum(finding.rule is rule for finding in report.findings)
        if count:
            rows.append(f"| {rule.heading} | {count:,} |\n")
    return "\n| What | Resources |\n| --- | ---: |\n" + "".join(rows)


def _sections(report: Report) -> Iterator[str]:
    """One part of the page for each finding; the first of a rule has its heading."""
    for rule in RULES:
        heading = f"\n### {rule.heading}\n"
        for finding in report.findings:
            if finding.rule is rule:
                yield heading + _section(finding)
                heading = ""


def _section(finding: Finding) -> str:
    place = finding.place
    where = "" if place is None else f" ({code_span(f'{place.filename}:{place.line}')})"
    text = finding.text
    if len(text) > _TEXT_AT_MOST:
        text = text[:_TEXT_AT_MOST] + "\n… (the rest is left out)"
    name = code_span(finding.address or finding.key)
    return f"\n{name}{where}\n\n{code_block(text)}\n"


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))
