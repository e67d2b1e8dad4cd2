"""A report as JUnit: one case for each resource."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from amlplan.cli.reports.plain import xml_text
from amlplan.cli.reports.report import Outcome

if TYPE_CHECKING:
    from amlplan.cli.reports.report import Finding, Report
    from amlplan_schemas.drift import BlockPlace

_WORDS = {Outcome.FAILURE: "failure", Outcome.ERROR: "error", Outcome.SKIPPED: "skipped"}


def junit(report: Report) -> str:
    """The document. What differs is a failure, what is not known an error, the pending skipped."""
    found: dict[str, list[Finding]] = {item.address: [] for item in report.resources}
    kinds = {item.address: item.kind for item in report.resources}
    places = {item.address: item.place for item in report.resources}
    for finding in report.findings:
        found.setdefault(finding.address, []).append(finding)
        kinds.setdefault(finding.address, finding.kind)
        places.setdefault(finding.address, finding.place)
    suite = ET.Element("testsuite", name=report.title)
    worst = [
        _case(suite, address, kinds[address], places[address], found[address])
        for address in sorted(found)
    ]
    counts = {
        "tests": len(worst),
        "failures": worst.count(Outcome.FAILURE),
        "errors": worst.count(Outcome.ERROR),
        "skipped": worst.count(Outcome.SKIPPED),
    }
    root = ET.Element("testsuites", name=report.title)
    for element in (root, suite):
        for name, count in counts.items():
            element.set(name, str(count))
        element.set("time", "0")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _case(
    suite: ET.Element, address: str, kind: str, place: BlockPlace | None, found: list[Finding]
) -> Outcome | None:
    """Add the case of a resource; gives what it came to."""
    case = ET.SubElement(
        suite, "testcase", classname=xml_text(kind or "unknown"), name=xml_text(address), time="0"
    )
    if place is not None:
        case.set("file", xml_text(place.filename))
        case.set("line", str(place.line))
    if not found:
        return None
    worst = max(found, key=lambda item: item.rule.outcome)
    told = ET.SubElement(case, _WORDS[worst.rule.outcome], message=xml_text(worst.title))
    if worst.rule.outcome is not Outcome.SKIPPED:
        told.set("type", worst.rule.id)
    told.text = xml_text("\n\n".join(item.text for item in found))
    return worst.rule.outcome
