"""`amlplan apply`: makes the world match the configuration."""

from __future__ import annotations

import click

from amlplan.cli.flow import ApplyOptions, run_apply
from amlplan.cli.options import (
    Command,
    assignments_of,
    flag,
    lock_timeout_option,
    parallelism_option,
    stream_options,
    variable_options,
)
from amlplan.cli.reporting.opened import reporting


@click.command("apply", cls=Command)
@click.argument("plan", required=False)
@flag("auto-approve", "Do not ask.")
@flag("update-lock", "Resolve what amlplan.lock lacks, also without a terminal.")
@flag("destroy", "Delete everything, as `amlplan destroy` does.")
@parallelism_option
@lock_timeout_option
@stream_options
@variable_options
@click.pass_context
def command(
    ctx: click.Context,
    plan: str | None,
    *,
    auto_approve: bool,
    update_lock: bool,
    destroy: bool,
    parallelism: int,
    lock_timeout: str,
    json: bool,
    json_into: str | None,
) -> int:
    """Make the world match the configuration, or carry out a saved PLAN."""
    assignments = assignments_of(ctx)
    if plan is not None and destroy:
        raise click.UsageError("A saved plan says itself what it does; leave -destroy out.", ctx)
    options = ApplyOptions(
        assignments=assignments,
        destroy=destroy,
        plan_file=plan,
        auto_approve=auto_approve,
        update_lock=update_lock,
        parallelism=parallelism,
        lock_timeout=lock_timeout,
    )
    with reporting(json=json, into=json_into) as report:
        return run_apply(report, options)
