"""A report as SARIF 2.1.0, each finding at the block of its resource."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from amlplan import __version__
from amlplan.cli.reports.plain import one_line
from amlplan.cli.reports.rules import RULES
from amlplan.cli.text.json_text import json_text

if TYPE_CHECKING:
    from amlplan.cli.reports.report import Finding, Report, Rule
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.drift import BlockPlace

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE = "%SRCROOT%"
_FINGERPRINT = "amlplanResource/v1"
_INDEXES = {rule.id: index for index, rule in enumerate(RULES)}


def sarif(report: Report) -> str:
    """The document; paths are relative to the repository."""
    driver = {
        "name": "amlplan",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in RULES],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"{report.title}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": "The root of the repository."}}},
        "results": [_result(finding, report.somewhere) for finding in report.findings],
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _rule(rule: Rule) -> JsonValue:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.heading},
        "defaultConfiguration": {"level": rule.level.value},
    }


def _result(finding: Finding, somewhere: BlockPlace | None) -> JsonValue:
    location: dict[str, JsonValue] = {
        "logicalLocations": [{"fullyQualifiedName": one_line(finding.address), "kind": "resource"}]
    }
    place = finding.place or somewhere
    if place is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": quote(place.filename), "uriBaseId": _BASE},
            "region": {"startLine": place.line},
        }
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": _INDEXES[finding.rule.id],
        "level": finding.rule.level.value,
        "message": {"text": _message(finding.title)},
        "locations": [location],
        "partialFingerprints": {_FINGERPRINT: _fingerprint(finding)},
    }


def _message(text: str) -> str:
    """A message in which nothing is a placeholder or a link."""
    return one_line(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")


def _fingerprint(finding: Finding) -> str:
    """The same for the same thing in each run, wherever its block moves and whatever it says."""
    text = f"{finding.rule.id}\0{finding.address}\0{finding.key}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
