"""What GitHub Actions reads: values for later steps, and annotations at lines of files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from amlplan.cli.reports.plain import one_line
from amlplan.cli.reports.report import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.cli.reports.report import Finding, Report

AT_MOST = 10
"""Annotations of a level that GitHub takes from a step; it drops the rest without a word."""
_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def step_outputs(report: Report, paths: Mapping[str, str]) -> str:
    """The outputs of a step, as lines to append to the file that GITHUB_OUTPUT names."""
    values = {
        "changes": str(report.has_changes).lower(),
        "to_add": str(report.counts.create),
        "to_change": str(report.counts.update),
        "to_destroy": str(report.counts.delete),
        "has_drift": str(report.has_drift).lower(),
        "plan_path": paths.get("plan_path", ""),
        "json_plan_path": paths.get("json_plan_path", ""),
    }
    return "".join(_output(name, value) for name, value in values.items())


def _output(name: str, value: str) -> str:
    if "\n" not in value and "\r" not in value:
        return f"{name}={value}\n"
    end = "end_" + hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()
    return f"{name}<<{end}\n{value}\n{end}\n"


def workflow_commands(report: Report) -> str:
    """Commands that a step prints so that findings stand beside the lines they are about."""
    return "".join(f"{line}\n" for level in Level for line in _of_level(report, level))


def _of_level(report: Report, level: Level) -> Iterator[str]:
    found = [finding for finding in report.findings if finding.rule.level is level]
    shown = found if len(found) <= AT_MOST else found[: AT_MOST - 1]
    for finding in shown:
        yield _annotation(finding, report)
    if len(found) > len(shown):
        rest = f"{len(found) - len(shown)} more are not shown here; the report has them."
        yield f"::{_COMMANDS[level]} title={_property(report.title)}::{_data(rest)}"


def _annotation(finding: Finding, report: Report) -> str:
    place = finding.place or report.somewhere
    where = "" if place is None else f"file={_property(place.filename)},line={place.line},"
    title = f"{where}title={_property(finding.rule.heading)}"
    return f"::{_COMMANDS[finding.rule.level]} {title}::{_data(one_line(finding.title))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
