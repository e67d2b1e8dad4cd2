"""`amlplan init`: makes a project ready; safe to repeat."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.flow import with_completed_lock
from amlplan.cli.interrupt import stopping_on_signals
from amlplan.cli.options import Command, Option, assignments_of, flag, variable_options
from amlplan.cli.progress import Progress
from amlplan.cli.starting import PROJECTS, write_project
from amlplan.cli.style import styled
from amlplan.errors import PlanError
from amlplan.lockfile import LOCK_NAME
from amlplan.project.location import forget_location
from amlplan.project.opening import open_project
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

IGNORED = (
    ".amlplan/",
    "connections.amlvars",
    "connections.amlvars.json",
    "*.plan",
)


@click.command("init", cls=Command)
@click.option(
    "--with",
    "starting",
    cls=Option,
    type=click.Choice(list(PROJECTS)),
    help="Write a starting project into an empty folder first.",
)
@flag("reconfigure", "Accept that the state is kept elsewhere now.")
@variable_options
@click.pass_context
def command(ctx: click.Context, *, starting: str | None, reconfigure: bool) -> int:
    """Make a project ready: lock what is missing, keep its state out of git."""
    console = Console(sys.stdout, sys.stderr)
    if starting is not None:
        for name in write_project(starting, Path.cwd()):
            console.print(f"{name}: written")
    with stopping_on_signals(console.error) as stop, Progress(console) as progress:
        project = open_project(
            assignments_of(ctx),
            require_variables=False,
            check_state_location=not reconfigure,
            needs_state=False,
        )
        if reconfigure:
            forget_location(project.root)
        before = project.lock
        project = with_completed_lock(project, progress, stop)
    count = len(project.lock.entries)
    if project.lock != before:
        entries = counted(count, "entry", "entries")
        console.print(f"{LOCK_NAME}: {entries} written. Commit it with the configuration.")
    state = _state_of(project.root, project.backend.reader().location())
    added = _ignore(project.root, (*state, *IGNORED))
    if added:
        console.print(f".gitignore: added {', '.join(added)}")
    console.print(f"{styled('green', 'Ready.')} Next: amlplan plan")
    return 0


def _state_of(root: Path, location: str) -> list[str]:
    """The pattern for the state and what lies beside it, where it is in the project's folder."""
    path = Path(location)
    if not path.is_relative_to(root):
        return []
    return [re.sub(r"[\\*?\[#!]", r"\\\g<0>", path.relative_to(root).as_posix()) + "*"]


def _ignore(root: Path, lines_wanted: Sequence[str]) -> list[str]:
    """Add what must not be committed to .gitignore; gives what was added."""
    path = root / ".gitignore"
    try:
        present = path.read_bytes() if path.exists() else b""
        lines = {line.decode(errors="replace") for line in present.splitlines()}
        missing = [line for line in lines_wanted if line not in lines]
        if missing:
            start = b"" if not present or present.endswith(b"\n") else b"\n"
            with path.open("ab") as file:
                file.write(start + "".join(f"{line}\n" for line in missing).encode())
    except OSError as failure:
        raise PlanError(
            "The .gitignore cannot be completed",
            f"{path}: {failure.strerror}. Let it be a file that you may write, or add these lines "
            f"to it yourself: {', '.join(lines_wanted)}",
        ) from failure
    return missing
