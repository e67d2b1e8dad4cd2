"""`amlplan plan`: what apply would do, and why; writes nothing but the file asked for."""

from __future__ import annotations

from pathlib import Path

import click

from amlplan.cli.options import (
    Command,
    Option,
    assignments_of,
    flag,
    parallelism_option,
    stream_options,
    variable_options,
)
from amlplan.cli.output_files import OutputFile
from amlplan.cli.plan_options import Asked, plan_options
from amlplan.cli.reporters.opened import reporting
from amlplan.cli.reports.options import report_options, write_plan_reports
from amlplan.errors import EXIT_DIFFERENCES
from amlplan.events import Planned, Said
from amlplan.planning.gates import check_gates
from amlplan.planning.modes import make, mode_of
from amlplan.planning.saved import save_plan
from amlplan.project.opening import open_project, plan_inputs


@click.command("plan", cls=Command)
@click.option(
    "--out",
    cls=Option,
    metavar="FILE",
    type=OutputFile(),
    help="Save the plan, for `amlplan apply FILE`.",
)
@flag("destroy", "Plan to delete everything.")
@flag("detailed-exitcode", "Exit with 2 where there are differences, 0 where there are none.")
@flag("no-secrets", "Never resolve a secret, as for pull requests from forks.")
@parallelism_option
@stream_options
@plan_options
@report_options
@variable_options
@click.pass_context
def command(
    ctx: click.Context,
    *,
    out: str | None,
    destroy: bool,
    detailed_exitcode: bool,
    no_secrets: bool,
    json: bool,
    json_into: str | None,
    parallelism: int,
    asked: Asked,
) -> int:
    """Show what apply would do, and why."""
    mode = mode_of(asked.options, destroy=destroy)
    with reporting(json=json, into=json_into) as report:
        project = open_project(assignments_of(ctx), secrets_enabled=not no_secrets)
        report.mask_with(project.secrets.masked)
        state = project.backend.reader().read()
        inputs = plan_inputs(project, state, asked.options, parallelism=parallelism)
        plan = make(mode, inputs, report)
        if out is not None:
            save_plan(plan, Path(out))
        report(Planned(plan))
        if out is not None:
            report(Said(f"\nSaved to {out}. To apply exactly this: amlplan apply {out}"))
        write_plan_reports(ctx, plan, inputs, plan_path=out, json_plan_path=json_into)
        check_gates(plan, asked.fail_on)
    # What is blocked may differ: nothing is known of it, which is no "nothing to do".
    differs = plan.has_differences or bool(plan.blocked)
    return EXIT_DIFFERENCES if detailed_exitcode and differs else 0
