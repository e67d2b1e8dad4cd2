"""`amlplan import`: has the state manage an object that is there already."""

from __future__ import annotations

import click

from amlplan.cli.flow import ApplyOptions, run_apply
from amlplan.cli.options import (
    Command,
    assignments_of,
    flag,
    lock_timeout_option,
    stream_options,
    variable_options,
)
from amlplan.cli.plan_options import Asked
from amlplan.cli.reporters.opened import reporting
from amlplan_schemas.plan import PlanOptions


@click.command("import", cls=Command)
@click.argument("address")
@click.argument("object_id", metavar="ID")
@flag("dry-run", "Show what would be imported, and write nothing.")
@lock_timeout_option
@stream_options
@variable_options
@click.pass_context
def command(
    ctx: click.Context,
    address: str,
    object_id: str,
    *,
    dry_run: bool,
    lock_timeout: str,
    json: bool,
    json_into: str | None,
) -> int:
    """Take over the object called ID for the block at ADDRESS; nothing outside changes."""
    options = ApplyOptions(
        assignments=assignments_of(ctx),
        mode="import",
        asked=Asked(PlanOptions(imports={address: object_id}, targets=(address,))),
        auto_approve=True,
        dry_run=dry_run,
        lock_timeout=lock_timeout,
    )
    with reporting(json=json, into=json_into) as report:
        return run_apply(report, options)
