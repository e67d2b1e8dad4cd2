"""`amlplan impact`: what depends on something."""

from __future__ import annotations

import click

from amlplan.cli.lineage import show_lineage
from amlplan.cli.options import Command, flag
from amlplan.cli.run_options import workspace_option

NAMES = (
    "An ADDRESS is one of the state, as deployment.api; a version of a model, as digits:3; a run, "
    "as run:latest; or another node as it is shown, as snapshot:ID or commit:ID."
)


@click.command("impact", cls=Command, epilog=NAMES)
@click.argument("address")
@workspace_option
@flag("json", "Print for machines.")
def command(address: str, workspace: str | None, *, json: bool) -> int:
    """Tell what came from an ADDRESS, or depends on it: runs, models, images, deployments."""
    return show_lineage(address, "down", workspace, json=json)
