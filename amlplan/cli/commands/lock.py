"""`amlplan lock`: what the outside resolves to, written into `amlplan.lock`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from amlplan.addresses import node_of
from amlplan.cli.console import Console
from amlplan.cli.flow import resolved_lock
from amlplan.cli.interrupt import stopping_on_signals
from amlplan.cli.options import Command, assignments_of, flag, variable_options
from amlplan.cli.progress import Progress
from amlplan.cli.style import styled
from amlplan.cli.text.locks import lock_changes
from amlplan.errors import EXIT_CONFIG
from amlplan.lockfile import LOCK_NAME, write_lock
from amlplan.planning.locking import REFERENCE
from amlplan.project.opening import open_project
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from amlplan.lockfile import LockFile


@click.command("lock", cls=Command)
@click.argument("names", nargs=-1, metavar="[ADDR|IMAGE]...")
@flag("upgrade", "Resolve again: what these blocks ask for, these images, or everything.")
@flag("check", "Write nothing; exit with 10 where the lock lacks something.")
@variable_options
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], *, upgrade: bool, check: bool) -> int:
    """Resolve requirements, runs and registered versions into amlplan.lock.

    Without -upgrade only what is missing is resolved, so that nothing moves by itself.
    """
    console = Console(sys.stdout, sys.stderr)
    if names and not upgrade:
        raise click.UsageError("Blocks are named together with -upgrade.", ctx)
    with stopping_on_signals(console.error) as stop, Progress(console) as progress:
        project = open_project(assignments_of(ctx), require_variables=False, needs_state=False)
        blocks = project.evaluation.blocks_of()
        _check_names(ctx, names, blocks, _images_in(project.lock))
        upgraded = frozenset(names or blocks if upgrade else ())
        lock = resolved_lock(project, progress, stop, upgraded)
    changed = lock_changes(project.lock, lock)
    if check:
        return _report(console, changed)
    if changed:
        write_lock(project.root, lock)
        console.print("\n".join([*changed, f"{LOCK_NAME} written. Commit it."]))
    else:
        console.print(f"{LOCK_NAME} has everything already; nothing was changed.")
    return 0


def _images_in(lock: LockFile) -> set[str]:
    """The images that are locked, as their requests call them."""
    return {str(entry.request.get(REFERENCE)) for entry in lock.entries.values()}


def _check_names(
    ctx: click.Context, names: tuple[str, ...], known: list[str], images: set[str]
) -> None:
    for name in names:
        if node_of(name) not in known and name not in images:
            hint = suggestion(name, known)
            raise click.UsageError(f"There is no block {name} in the configuration.{hint}", ctx)


def _report(console: Console, changed: list[str]) -> int:
    if not changed:
        console.print(styled("green", f"{LOCK_NAME} has everything."))
        return 0
    console.print("\n".join([*changed, f"{LOCK_NAME} is not up to date. Run: amlplan lock"]))
    return EXIT_CONFIG
