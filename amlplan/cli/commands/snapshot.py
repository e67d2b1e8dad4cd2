"""`amlplan snapshot`: source folders as runs got them, compared, fetched and put back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.interrupt import ending_on_signals
from amlplan.cli.options import Command, CommandGroup, Option, flag
from amlplan.cli.output_files import OutputFile
from amlplan.cli.snapshots import Compared, folder_side, kept_side, taken_of
from amlplan.cli.style import styled, visible
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION, summary_json
from amlplan.cli.text.runs import size_text
from amlplan.cli.text.snapshots import (
    difference_text,
    restoring_text,
    snapshot_json,
    snapshot_text,
    snapshots_table,
    verdict_json,
    verdict_text,
)
from amlplan.errors import EXIT_DIFFERENCES, EXIT_ERROR, PlanError
from amlplan.project.workspaces import open_workspace
from amlplan.runs.own_folders import rules_of
from amlplan.runs.request import SNAPSHOT_FILES, SNAPSHOT_SIZE
from amlplan.runs.snapshot_names import named_snapshot, runs_by_snapshot
from amlplan.runs.snapshot_notes import notes_on
from amlplan.snapshots.archive import write_zip
from amlplan.snapshots.catalogue import kept_in, short
from amlplan.snapshots.patches import patch_of
from amlplan.snapshots.restoring import restore, restoring
from amlplan.snapshots.snapshot import load, scan, store
from amlplan.snapshots.verdicts import verdict_on
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

HELP = "A SNAPSHOT is an id, the beginning of one, or a run: its number, its id, or latest."
_RUNS = 200
"""How many of the newest runs are asked for the snapshot that they were made of."""


def _options(function: Any) -> Any:
    function = click.option(
        "--history", cls=Option, metavar="NAME", help="Look for runs in this history only."
    )(function)
    return click.option(
        "--workspace", cls=Option, metavar="NAME", help="Look in another workspace."
    )(function)


@click.group("snapshot", cls=CommandGroup)
def command() -> None:
    """Look at the source folders that runs were made of, compare them, put them back."""


@command.command("create", cls=Command)
@click.argument("folder", default=".")
@click.option("--workspace", cls=Option, metavar="NAME", help="Keep it in another workspace.")
@click.option(
    "--max-size", cls=Option, metavar="SIZE", help="The most that it may hold, else 300MiB."
)
@click.option(
    "--max-files",
    cls=Option,
    type=click.IntRange(1),
    default=SNAPSHOT_FILES,
    show_default=True,
    metavar="N",
    help="The most files that it may have.",
)
@flag("json", "Print for machines.")
def create_command(
    folder: str, workspace: str | None, max_size: str | None, max_files: int, *, json: bool
) -> int:
    """Take a snapshot of FOLDER, as a run of it would, and keep it."""
    console = Console(sys.stdout, sys.stderr)
    place, source = open_workspace(workspace), Path(folder).absolute()
    with ending_on_signals():
        _say_notes(source, place.cache_folder, console.error if json else console.print)
        snapshot = scan(
            source,
            max_size=_bytes(max_size),
            max_files=max_files,
            cache_folder=place.cache_folder,
            runs_own=rules_of(source).runs_own,
        )
        store(snapshot, source, place.content)
    if json:
        facts = {"id": snapshot.id, "files": len(snapshot.entries), "size": snapshot.size}
        console.print(json_text({"format_version": FORMAT_VERSION, **facts}))
    else:
        holds = f"{counted(len(snapshot.entries), 'file')}, {size_text(snapshot.size)}"
        console.print(f"{styled('bold', f'snapshot {short(snapshot.id)}')}: {holds}\n{snapshot.id}")
    return 0


def _say_notes(source: Path, cache_folder: Path, say: Callable[[str], None]) -> None:
    for note in notes_on(source, cache_folder):
        say(f"{styled('yellow', 'Note:')} {visible(note)}")


def _bytes(size: str | None) -> int:
    from amlplan_schemas.base import bytes_of

    if size is None:
        return SNAPSHOT_SIZE
    try:
        return bytes_of(size)
    except ValueError as failure:
        raise click.UsageError(f"-max-size={size}: {failure}") from None


@command.command("list", cls=Command)
@_options
@click.option(
    "--limit",
    cls=Option,
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many, the newest first.",
)
@flag("json", "Print for machines.")
def list_command(workspace: str | None, history: str | None, limit: int, *, json: bool) -> int:
    """List the snapshots, the newest first, with the newest runs of each."""
    console = Console(sys.stdout, sys.stderr)
    place = open_workspace(workspace)
    runs = runs_by_snapshot(place, _RUNS, history)
    kept = [item for item in kept_in(place.content) if history is None or item.id in runs][:limit]
    found = [(item, load(place.content, item.id)) for item in kept]
    if json:
        shown = [
            {
                "id": item.id,
                "taken": item.taken,
                "files": len(snapshot.entries),
                "size": snapshot.size,
                "runs": [run.id for run in runs.get(item.id, ())],
            }
            for item, snapshot in found
        ]
        console.print(json_text({"format_version": FORMAT_VERSION, "snapshots": shown}))
    elif found:
        console.print(snapshots_table(found, runs))
    else:
        console.print("No snapshots yet. A run takes one; so does: amlplan snapshot create")
    return 0


@command.command("show", cls=Command, epilog=HELP)
@click.argument("snapshot", default="latest")
@_options
@flag("files", "Name every file.")
@flag("json", "Print for machines.")
def show_command(
    snapshot: str, workspace: str | None, history: str | None, *, files: bool, json: bool
) -> int:
    """Show one SNAPSHOT: what it holds, and which runs were made of it."""
    console = Console(sys.stdout, sys.stderr)
    place = open_workspace(workspace)
    found = load(place.content, named_snapshot(snapshot, place, history).id)
    taken = taken_of(place, found.id)
    runs = runs_by_snapshot(place, _RUNS).get(found.id, [])
    if json:
        facts = {"taken": taken, "runs": [summary_json(run) for run in runs]}
        console.print(
            json_text({"format_version": FORMAT_VERSION, **snapshot_json(found), **facts})
        )
    else:
        console.print(snapshot_text(found, taken, runs, every=files))
    return 0


@command.command("diff", cls=Command, epilog=HELP)
@click.argument("before", metavar="SNAPSHOT", default="latest")
@click.argument("after", metavar="[OTHER]", required=False)
@_options
@click.option(
    "--folder", cls=Option, metavar="FOLDER", help="Compare with this folder, without OTHER."
)
@flag("patch", "Print what changed in text files, as git apply takes it.")
@flag("detailed-exitcode", "Exit with 2 where they differ.")
@flag("json", "Print for machines.")
def diff_command(
    before: str,
    after: str | None,
    workspace: str | None,
    history: str | None,
    folder: str | None,
    *,
    patch: bool,
    detailed_exitcode: bool,
    json: bool,
) -> int:
    """Compare SNAPSHOT with OTHER, or with the folder that it was taken of as it is now."""
    console = Console(sys.stdout, sys.stderr)
    if after is not None and folder is not None:
        raise click.UsageError("-folder is compared in place of a second snapshot; give one only.")
    place = open_workspace(workspace)
    with ending_on_signals():
        old = kept_side(before, place, history)
        source = Path(folder or old.source).absolute()
        new = folder_side(source, place) if after is None else kept_side(after, place, history)
        _print_difference(console, old, new, patch=patch, as_json=json)
    differs = old.snapshot.id != new.snapshot.id
    return EXIT_DIFFERENCES if detailed_exitcode and differs else 0


def _print_difference(
    console: Console, old: Compared, new: Compared, *, patch: bool, as_json: bool
) -> None:
    difference = old.snapshot.difference(new.snapshot)
    if as_json:
        document = {
            "format_version": FORMAT_VERSION,
            "before": old.snapshot.id,
            "after": new.snapshot.id,
            "added": list(difference.added),
            "changed": list(difference.changed),
            "removed": list(difference.removed),
        }
        if patch:
            document["patch"] = "".join(patch_of(old.side, new.side))
        console.print(json_text(document))
    elif patch:
        with console.raw() as write:
            for piece in patch_of(old.side, new.side):
                write(piece.encode())
    else:
        console.print(difference_text(difference, (old.name, new.name)))


@command.command("restore", cls=Command, epilog=HELP)
@click.argument("snapshot")
@click.argument("folder", default=".")
@_options
@flag("remove", "Take away what the snapshot does not have, but for what is ignored.")
@flag("auto-approve", "Do not ask.")
@flag("dry-run", "Only show what would change.")
def restore_command(
    snapshot: str,
    folder: str,
    workspace: str | None,
    history: str | None,
    *,
    remove: bool,
    auto_approve: bool,
    dry_run: bool,
) -> int:
    """Put SNAPSHOT into FOLDER: shows what changes there, and asks before it changes anything."""
    console = Console(sys.stdout, sys.stderr)
    place, target = open_workspace(workspace), Path(folder).absolute()
    with ending_on_signals():
        found = load(place.content, named_snapshot(snapshot, place, history).id)
        plan = restoring(found, rules_of(target), removes=remove)
        console.print(restoring_text(plan))
        if dry_run or not plan.changes:
            return 0
        if plan.before and not auto_approve and not _approved(console):
            console.print("\nCancelled: nothing was changed.")
            return EXIT_ERROR
        kept = restore(plan, place.content)
    console.print(f"\nSnapshot {short(found.id)} is in {visible(str(target))}.")
    if kept is not None:
        console.print(
            f"What it took the place of is kept as snapshot {short(kept.id)}. To have that back: "
            f"amlplan snapshot restore {short(kept.id)} {visible(folder)}"
        )
    return 0


def _approved(console: Console) -> bool:
    if not console.is_terminal:
        raise PlanError(
            "Approval is needed",
            "Files would be replaced or removed, and there is no terminal to ask at. Use "
            "-auto-approve, or restore into an empty folder.",
        )
    return (
        console.ask(
            "\nDo you want to change this folder? Only 'yes' is taken as yes.\n\n  Enter a value: "
        )
        == "yes"
    )


@command.command("download", cls=Command, epilog=HELP)
@click.argument("snapshot", default="latest")
@_options
@click.option(
    "--o",
    "output",
    cls=Option,
    metavar="FILE",
    type=OutputFile(),
    help="The zip file to write, else one named for the snapshot.",
)
def download_command(
    snapshot: str, workspace: str | None, history: str | None, output: str | None
) -> int:
    """Write SNAPSHOT as a zip file: the same bytes for the same snapshot, always."""
    console = Console(sys.stdout, sys.stderr)
    place = open_workspace(workspace)
    with ending_on_signals():
        found = load(place.content, named_snapshot(snapshot, place, history).id)
        path = Path(output or f"snapshot-{short(found.id)}.zip")
        write_zip(found, place.content, path.absolute())
    holds = f"{counted(len(found.entries), 'file')} ({size_text(found.size)})"
    console.print(f"{holds} of snapshot {short(found.id)} in {visible(str(path))}")
    return 0


@command.command("explain", cls=Command)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--source",
    cls=Option,
    default=".",
    metavar="FOLDER",
    help="The folder that is taken, else .",
)
@flag("json", "Print for machines.")
def explain_command(paths: tuple[str, ...], source: str, *, json: bool) -> int:
    """Tell whether each PATH would be in a snapshot, and the line that decides about it."""
    console = Console(sys.stdout, sys.stderr)
    rules = rules_of(Path(source).absolute())
    verdicts = [verdict_on(rules, Path.cwd() / path) for path in paths]
    if json:
        shown = [verdict_json(verdict) for verdict in verdicts]
        console.print(json_text({"format_version": FORMAT_VERSION, "paths": shown}))
    else:
        console.print("\n".join(verdict_text(verdict) for verdict in verdicts))
    return 0
