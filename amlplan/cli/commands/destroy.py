"""`amlplan destroy`: deletes what the configuration made; data stays."""

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


@click.command("destroy", cls=Command)
@flag("auto-approve", "Do not ask.")
@parallelism_option
@lock_timeout_option
@stream_options
@plan_options
@variable_options
@click.pass_context
def command(
    ctx: click.Context,
    *,
    auto_approve: bool,
    parallelism: int,
    lock_timeout: str,
    json: bool,
    json_into: str | None,
    asked: Asked,
) -> int:
    """Delete what the configuration made; data stays."""
    options = ApplyOptions(
        assignments=assignments_of(ctx),
        mode=mode_of(asked.options, destroy=True),
        asked=asked,
        auto_approve=auto_approve,
        parallelism=parallelism,
        lock_timeout=lock_timeout,
    )
    with reporting(json=json, into=json_into) as report:
        return run_apply(report, options)
