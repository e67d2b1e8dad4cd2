"""`amlplan environment`: the environments that were applied, built and entered by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.environments import BLOCK, entered, facts_of, opened_environment
from amlplan.cli.interrupt import stopping_on_signals
from amlplan.cli.options import Command, CommandGroup, assignments_of, flag, variable_options
from amlplan.cli.progress import Progress
from amlplan.cli.recorded import recorded
from amlplan.cli.style import styled
from amlplan.cli.text.environments import (
    environment_json,
    environment_text,
    environments_table,
)
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION
from amlplan.cli.underway import Underway
from amlplan.project.folders import provider_context
from amlplan.project.opening import read_state
from amlplan.project.progress_handle import ProgressHandle
from amlplan.registry import Registry

if TYPE_CHECKING:
    import threading

    from amlplan.abilities import EnvironmentFacts
    from amlplan.cli.environments import OpenedEnvironment
    from amlplan_schemas.state import Record

NAME_HELP = "A NAME is a label, an address, or what it is called outside."


@click.group("environment", cls=CommandGroup)
def command() -> None:
    """Look at environments, build them, work in them."""


def _recorded() -> list[tuple[Record, EnvironmentFacts]]:
    state = read_state()
    records = {} if state is None else state.records
    registry = Registry(provider_context(Path.cwd()))
    mine = [item for item in records.values() if item.kind == BLOCK and item.outputs.values]
    return [(item, facts_of(item, records, registry)) for item in mine]


@command.command("list", cls=Command)
@flag("json", "Print for machines.")
def list_command(*, json: bool) -> int:
    """List the environments that were applied, and whether they are built here."""
    console = Console(sys.stdout, sys.stderr)
    found = _recorded()
    if json:
        shown = [environment_json(record, facts) for record, facts in found]
        console.print(json_text({"format_version": FORMAT_VERSION, "environments": shown}))
    elif found:
        console.print(environments_table(found))
    else:
        console.print("No environments yet. Write a block environment, then: amlplan apply")
    return 0


@command.command("show", cls=Command, epilog=NAME_HELP)
@click.argument("name")
@flag("json", "Print for machines.")
def show_command(name: str, *, json: bool) -> int:
    """Show environment NAME: its Python, its packages, and where it is built."""
    console = Console(sys.stdout, sys.stderr)
    record = recorded(BLOCK, name)
    [facts] = [facts for item, facts in _recorded() if item.address == record.address]
    if json:
        shown = environment_json(record, facts)
        console.print(json_text({"format_version": FORMAT_VERSION, **shown}))
    else:
        console.print(environment_text(record, facts))
    return 0


@command.command("build", cls=Command, epilog=NAME_HELP)
@click.argument("name")
@flag("json", "Print for machines at the end, and the progress on standard error.")
@variable_options
@click.pass_context
def build_command(ctx: click.Context, name: str, *, json: bool) -> int:
    """Build environment NAME here, as a run in it would; one that is there costs nothing."""
    console = Console(sys.stderr if json else sys.stdout, sys.stderr)
    with stopping_on_signals(console.error) as stop:
        opened = opened_environment(name, assignments_of(ctx))
        interpreter = _built(opened, console, stop)
    if json:
        [shown] = [
            environment_json(record, facts)
            for record, facts in _recorded()
            if record.address == opened.record.address
        ]
        document = {"format_version": FORMAT_VERSION, **shown, "interpreter": interpreter}
        Console(sys.stdout, sys.stderr).print(json_text(document))
    else:
        console.print(f"{styled('bold', opened.record.address)}: {interpreter}")
    return 0


def _built(opened: OpenedEnvironment, console: Console, stop: threading.Event) -> str:
    """The interpreter; what takes long tells that it goes on."""
    address = opened.record.address

    def tell(_address: str, _action: str, seconds: int) -> None:
        elapsed = "{:02d}m{:02d}s".format(*divmod(seconds, 60))
        console.print(f"{styled('bold', address)}: Still building... [{elapsed} elapsed]")

    with Progress(console) as progress, Underway(tell) as underway:
        underway.begun(address, "build")
        return opened.build(ProgressHandle(address, progress, stop))


@command.command("shell", cls=Command, epilog=NAME_HELP)
@click.argument("name")
@click.argument("words", nargs=-1, metavar="[-- COMMAND]")
@variable_options
@click.pass_context
def shell_command(ctx: click.Context, name: str, words: tuple[str, ...]) -> int:
    """Run COMMAND, or your shell, in environment NAME with its variables; its exit code is ours."""
    console = Console(sys.stderr, sys.stderr)  # standard output is the command's
    with stopping_on_signals(console.error) as stop:
        opened = opened_environment(name, assignments_of(ctx))
        variables = opened.variables()
        interpreter = _built(opened, console, stop)
    return entered(interpreter, variables, words)
