"""`amlplan runs gc`: the only command that deletes runs, and content that nothing refers to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amlplan.abilities import KeepsModels, SweepsContent
from amlplan.addresses import block_type_of
from amlplan.cli.commands.looking.wanted import where_option
from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option, flag
from amlplan.cli.removal import is_removal_approved
from amlplan.cli.run_options import opened, run_options
from amlplan.cli.style import styled
from amlplan.cli.text.fitting import fitted_table, terminal_width
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.leftovers import leftovers_json, told_leftovers
from amlplan.cli.text.run_json import FORMAT_VERSION
from amlplan.cli.text.runs import duration_text, run_name, size_text, time_text
from amlplan.errors import EXIT_ERROR, RunError
from amlplan.history import FINAL
from amlplan.looking.clearing.clearing import Clearer
from amlplan.looking.clearing.leftovers import Leftovers
from amlplan.looking.finding import Wanted, moment_of, tags_of
from amlplan.project.asked_target import COMPUTE
from amlplan.project.connected import connected_state
from amlplan.project.folders import provider_context
from amlplan.project.opening import read_state
from amlplan.project.workspaces import has_configuration
from amlplan.provider import has
from amlplan.registry import Registry
from amlplan.wording import counted, few, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.history import RunOverview
    from amlplan.looking.clearing.clearing import Clearing
    from amlplan.runs.place import RunPlace

SHOWN = 40
GC_HELP = (
    "Without an option that says which runs may go, only content is cleared that nothing refers "
    "to. Runs stay that still run, that models were made from, or that amlplan.lock of this folder "
    "names; a lock elsewhere is not looked at."
)


@click.command("gc", cls=Command, epilog=GC_HELP)
@run_options
@click.option(
    "--older-than", cls=Option, metavar="AGE", help="Runs that ended longer ago: 12h, 30d, 8w."
)
@click.option(
    "--keep",
    cls=Option,
    type=click.IntRange(0),
    metavar="N",
    help="All but the newest N runs of each history.",
)
@click.option("--status", cls=Option, type=click.Choice(sorted(FINAL)), help="Runs that ended so.")
@click.option("--name", cls=Option, metavar="NAME", help="Runs of this name; * is any text.")
@click.option(
    "--tag", "tags", cls=Option, multiple=True, metavar="NAME=VALUE", help="Runs with this tag."
)
@where_option
@flag("dry-run", "Show what would go, and change nothing.")
@flag("auto-approve", "Do not ask.")
@flag("json", "Print for machines.")
def gc_command(
    workspace: str | None,
    history: str | None,
    older_than: str | None,
    keep: int | None,
    status: str | None,
    name: str | None,
    tags: tuple[str, ...],
    where: str | None,
    *,
    dry_run: bool,
    auto_approve: bool,
    json: bool,
) -> int:
    """Clear away runs for which all of the options hold, and content that nothing refers to."""
    console = Console(sys.stdout, sys.stderr)
    before = None if older_than is None else moment_of(older_than, "older-than")
    wanted = _wanted(name, tags, where)
    place = opened(console, workspace)
    _check_history(place, history)
    candidates: list[RunOverview] = []
    if older_than or keep is not None or status or where or name or tags or history:
        every = place.history.overviews(history)
        candidates = _candidates(wanted.found(_but_newest(every, keep)), status, before)
    clearer = _clearer(place)
    clearing = clearer.foresee(candidates)
    leftovers = leftovers_of(place)
    left = leftovers.find()
    if not json:
        told = told_leftovers(left, leftovers.unreached)
        console.print(
            "\n".join([*told, *([] if left and clearing.is_empty else [_told(clearing)])])
        )
    is_approved = not dry_run and not (clearing.is_empty and not left)
    if is_approved and not auto_approve:
        is_approved = is_removal_approved(console, is_json=json)
        if not is_approved:
            console.print("\nCancelled: nothing was removed.")
            return EXIT_ERROR
    if is_approved:
        left = leftovers.remove(left)
        clearing = clearer.carry_out(clearing.runs)
    if json:
        document = {**_document(clearing, is_done=is_approved), "containers": leftovers_json(left)}
        console.print(json_text(document))
    elif is_approved:
        gone = f"{counted(len(left), 'container')}, " if left else ""
        console.print(f"\nCleared away: {gone}{_amounts(clearing)}.")
    return 0


def _check_history(place: RunPlace, history: str | None) -> None:
    known = place.history.histories()
    if history is not None and history not in known:
        hint = suggestion(history, known) or f" There are: {few(sorted(known)) or 'none'}."
        raise RunError("No such history", f"There is no history {history}.{hint}")


def _wanted(name: str | None, tags: Sequence[str], where: str | None) -> Wanted:
    condition = None
    if where is not None:
        from amlplan.looking.condition import Condition

        condition = Condition.read(where)
    return Wanted(name=name, tags=tags_of(tags), condition=condition)


def _but_newest(runs: Sequence[RunOverview], keep: int | None) -> list[RunOverview]:
    """All but the newest so many of each history; the newest come first."""
    if keep is None:
        return list(runs)
    seen: dict[str, int] = {}
    left: list[RunOverview] = []
    for run in runs:
        seen[run.summary.history] = seen.get(run.summary.history, 0) + 1
        if seen[run.summary.history] > keep:
            left.append(run)
    return left


def _candidates(
    runs: Sequence[RunOverview], status: str | None, before: float | None
) -> list[RunOverview]:
    """Runs that ended, so and so long ago."""
    found = [run for run in runs if run.summary.status in FINAL]
    if status is not None:
        found = [run for run in found if run.summary.status == status]
    if before is not None:
        found = [run for run in found if (run.summary.ended or run.summary.created) < before]
    return found


def leftovers_of(place: RunPlace) -> Leftovers:
    """What looks for containers of runs, on the engines that the state of this folder knows."""
    root = Path.cwd()
    state = connected_state(read_state(root)) if has_configuration(root) else None
    records = () if state is None else state.records.values()
    targets = [
        item for item in records if block_type_of(item.kind) == COMPUTE and item.outputs.values
    ]
    return Leftovers(place, Registry(provider_context(root)), targets, [])


def _clearer(place: RunPlace) -> Clearer:
    root = Path.cwd()
    registry = Registry(provider_context(root))
    workspaces, models = registry.provider("workspace"), registry.provider("model")
    if not has(workspaces, SweepsContent) or not has(models, KeepsModels):
        raise RunError(
            "Nothing can be cleared here",
            "The installed providers of workspace and model cannot tell what is in use. Install "
            "amlplan again.",
        )
    return Clearer(place, root, workspaces, lambda: models.models(place.folder))


def _told(clearing: Clearing) -> str:
    lines: list[str] = []
    if clearing.runs:
        rows = [_row(run, clearing) for run in clearing.runs[:SHOWN]]
        lines.append(fitted_table(("RUN", "STATUS", "ENDED", "SIZE", "ID"), rows, terminal_width()))
        if len(clearing.runs) > SHOWN:
            lines.append(f"… and {len(clearing.runs) - SHOWN} more; -json has all")
        lines.append("")
    if clearing.kept:
        lines.append(styled("bold", "Stay all the same:"))
        lines += [f"  {run_id}: {why}" for run_id, why in sorted(clearing.kept.items())]
        lines.append("")
    if clearing.is_empty:
        lines.append("Nothing is to be cleared away.")
    else:
        lines.append(f"To be cleared away: {_amounts(clearing)}.")
    if clearing.swept.too_new:
        new = counted(clearing.swept.too_new, "stored file that", "stored files that")
        lines.append(
            f"{new} nothing refers to may belong to something that is just being made, and "
            f"{'stays' if clearing.swept.too_new == 1 else 'stay'} for {duration_text(3600)}."
        )
    if clearing.is_shared:
        lines.append("Stored files stay: other hosts share them, and may refer to any of them.")
    return "\n".join(lines)


def _row(run: RunOverview, clearing: Clearing) -> tuple[str, ...]:
    summary = run.summary
    size = size_text(clearing.sizes[summary.id])
    return run_name(summary), summary.status, time_text(summary.ended), size, summary.id


def _amounts(clearing: Clearing) -> str:
    runs = counted(len(clearing.runs), "run")
    snapshots = counted(clearing.swept.snapshots, "snapshot")
    contents = counted(clearing.swept.contents, "stored file")
    return f"{runs}, {snapshots} and {contents}, {size_text(clearing.size)}"


def _document(clearing: Clearing, *, is_done: bool) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "done": is_done,
        "size": clearing.size,
        "runs": [
            {"id": run.summary.id, "size": clearing.sizes[run.summary.id]} for run in clearing.runs
        ],
        "kept": [{"id": run_id, "why": why} for run_id, why in sorted(clearing.kept.items())],
        "content": {
            "contents": clearing.swept.contents,
            "size": clearing.swept.size,
            "snapshots": clearing.swept.snapshots,
            "too_new": clearing.swept.too_new,
        },
    }
