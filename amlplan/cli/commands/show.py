"""`amlplan show`: the state, a saved plan, or a run configuration in full."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from amlplan import __version__
from amlplan.addresses import label_of
from amlplan.cli.console import Console
from amlplan.cli.documents.plan import plan_json
from amlplan.cli.documents.state import state_json
from amlplan.cli.options import Command, assignments_of, flag, variable_options
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.plan import plan_text
from amlplan.cli.text.records import state_text
from amlplan.planning.saved import read_plan
from amlplan.project.opening import read_state

RUNCONFIG = ".runconfig"
_BLOCKS = ("run_config.", "estimator.")


@click.command("show", cls=Command)
@click.argument("what", required=False, metavar="[PLAN|RUN_CONFIG|FILE.runconfig]")
@flag("json", "Print it for machines.")
@flag("runconfig", "Print a run configuration as a runconfig file of Azure ML.")
@variable_options
@click.pass_context
def command(ctx: click.Context, what: str | None, *, json: bool, runconfig: bool) -> int:
    """Show the state, a saved PLAN, or what a run_config or estimator stands for."""
    console = Console(sys.stdout, sys.stderr)
    is_file = what is not None and Path(what).is_file() and not what.endswith(RUNCONFIG)
    if what is not None and not is_file and what.startswith((*_BLOCKS, "module.")):
        return _run_config(console, ctx, what, as_json=json, as_file=runconfig)
    if what is not None and what.endswith(RUNCONFIG):
        return _run_config(console, ctx, what, as_json=json, as_file=runconfig)
    if runconfig:
        text = "-runconfig takes a run configuration, as in: amlplan show run_config.train"
        raise click.UsageError(text, ctx)
    if what is not None:
        saved = read_plan(Path(what))
        console.print(plan_json(saved) if json else plan_text(saved))
        return 0
    state = read_state()
    if json:
        console.print(state_json(state, __version__))
    else:
        console.print(state_text(state))
    return 0


def _run_config(
    console: Console, ctx: click.Context, what: str, *, as_json: bool, as_file: bool
) -> int:
    from amlplan.cli.text.run_configs import run_config_text
    from amlplan.project.shown_run import shown_block, shown_file

    root = Path.cwd()
    if what.endswith(RUNCONFIG):
        shown = shown_file(root, what)
    else:
        shown = shown_block(what, root, assignments_of(ctx))
    if as_json:
        console.print(json_text({"format_version": "1.0", **shown.document()}))
    elif as_file:
        text, left_out = shown.runconfig()
        with console.raw() as write:
            write(text.encode())
        for item in left_out:
            console.error(f"Note: a runconfig file has no field for {item}")
    else:
        label = shown.config.name if what.endswith(RUNCONFIG) else label_of(what)
        console.print(run_config_text(shown, label))
    return 0
