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
from amlplan.cli.plan_options import Asked, plan_options
from amlplan.cli.reporters.opened import reporting
from amlplan.planning.modes import mode_of


@click.command("apply", cls=Command)
@click.argument("plan", required=False)
@flag("auto-approve", "Do not ask.")
@flag("auto-approve-safe", "Do not ask where nothing is destroyed or replaced.")
@flag("update-lock", "Resolve what amlplan.lock lacks, also without a terminal.")
@flag("destroy", "Delete everything, as `amlplan destroy` does.")
@parallelism_option
@lock_timeout_option
@stream_options
@plan_options
@variable_options
@click.pass_context
def command(
    ctx: click.Context,
    plan: str | None,
    *,
    auto_approve: bool,
    auto_approve_safe: bool,
    update_lock: bool,
    destroy: bool,
    parallelism: int,
    lock_timeout: str,
    json: bool,
    json_into: str | None,
    asked: Asked,
) -> int:
    """Make the world match the configuration, or carry out a saved PLAN."""
    assignments = assignments_of(ctx)
    if plan is not None and destroy:
        raise click.UsageError("A saved plan says itself what it does; leave -destroy out.", ctx)
    if auto_approve and auto_approve_safe:
        raise click.UsageError("-auto-approve approves all, -auto-approve-safe not: choose.", ctx)
    if plan is not None and not asked.is_plain:
        raise click.UsageError("A saved plan was made with its options; leave them out.", ctx)
    options = ApplyOptions(
        assignments=assignments,
        mode=mode_of(asked.options, destroy=destroy),
        asked=asked,
        plan_file=plan,
        auto_approve=auto_approve,
        auto_approve_safe=auto_approve_safe,
        update_lock=update_lock,
        parallelism=parallelism,
        lock_timeout=lock_timeout,
    )
    with reporting(json=json, into=json_into) as report:
        return run_apply(report, options)
