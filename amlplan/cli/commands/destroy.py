"""`amlplan destroy`: deletes what the configuration made; data stays."""

from __future__ import annotations

import sys

import click

from amlplan.cli.console import Console
from amlplan.cli.flow import ApplyOptions, run_apply
from amlplan.cli.options import (
    Command,
    assignments_of,
    flag,
    lock_timeout_option,
    parallelism_option,
    variable_options,
)
from amlplan.cli.plan_options import Asked, plan_options


@click.command("destroy", cls=Command)
@flag("auto-approve", "Do not ask.")
@parallelism_option
@lock_timeout_option
@plan_options
@variable_options
@click.pass_context
def command(
    ctx: click.Context, *, auto_approve: bool, parallelism: int, lock_timeout: str, asked: Asked
) -> int:
    """Delete what the configuration made; data stays."""
    options = ApplyOptions(
        assignments=assignments_of(ctx),
        mode=asked.mode(destroy=True),
        asked=asked,
        auto_approve=auto_approve,
        parallelism=parallelism,
        lock_timeout=lock_timeout,
    )
    return run_apply(Console(sys.stdout, sys.stderr), options)
