"""`amlplan show`: the state, or a saved plan."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from amlplan import __version__
from amlplan.cli.console import Console
from amlplan.cli.documents.plan import plan_json
from amlplan.cli.documents.state import state_json
from amlplan.cli.options import Command, flag
from amlplan.cli.text.plan import plan_text
from amlplan.cli.text.records import state_text
from amlplan.planning.saved import read_plan
from amlplan.project.opening import read_state


@click.command("show", cls=Command)
@click.argument("plan", required=False)
@flag("json", "Print it for machines.")
def command(plan: str | None, *, json: bool) -> int:
    """Show the state, or a saved PLAN."""
    console = Console(sys.stdout, sys.stderr)
    if plan is not None:
        saved = read_plan(Path(plan))
        console.print(plan_json(saved) if json else plan_text(saved))
        return 0
    state = read_state()
    if json:
        console.print(state_json(state, __version__))
    else:
        console.print(state_text(state))
    return 0
