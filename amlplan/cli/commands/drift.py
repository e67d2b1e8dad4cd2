"""`amlplan drift`: whether the world is still as the last apply left it; changes nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, assignments_of, flag, variable_options
from amlplan.cli.reports.options import (
    prints_report,
    report_options_and_printed,
    write_drift_reports,
)
from amlplan.cli.text.drift import report_text
from amlplan.cli.text.json_text import json_text
from amlplan.errors import EXIT_DIFFERENCES, EXIT_ERROR
from amlplan.planning.drift import find_drift
from amlplan.project.opening import open_project, plan_inputs
from amlplan_schemas.plan import DriftClass

if TYPE_CHECKING:
    from amlplan_schemas.drift import DriftReport


@click.command("drift", cls=Command)
@flag("json", "Print the report for machines.")
@flag("allow-unreachable", "Do not fail where something could not be reached.")
@flag("unmanaged", "Tell of objects that this state did not make, too.")
@report_options_and_printed
@variable_options
@click.pass_context
def command(ctx: click.Context, *, json: bool, allow_unreachable: bool, unmanaged: bool) -> int:
    """Tell whether the world is still as the last apply left it."""
    if json and prints_report(ctx):
        raise click.UsageError("-json and -markdown are printed at one place: give one a file.")
    console = Console(sys.stdout, sys.stderr)
    project = open_project(assignments_of(ctx), secrets_enabled=False, opens_history=False)
    inputs = plan_inputs(project, project.backend.reader().read())
    report = find_drift(inputs, lambda _event: None, with_others=unmanaged)
    if json:
        console.print(json_text(report.model_dump(mode="json")))
    elif not prints_report(ctx):
        console.print(report_text(report))
    printed = write_drift_reports(ctx, report, inputs)
    if printed is not None:
        console.print(printed, end="")
    return _code(report, allow_unreachable=allow_unreachable)


def _code(report: DriftReport, *, allow_unreachable: bool) -> int:
    """What is not known is worse than what is known to differ."""
    if report.of_class(DriftClass.UNREACHABLE) and not allow_unreachable:
        return EXIT_ERROR
    return EXIT_DIFFERENCES if report.has_drift else 0
