"""`amlplan runs tag`: tags of a run, which may change at any time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option, flag
from amlplan.cli.run_options import RUN_HELP, opened, run_options
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION
from amlplan.cli.text.runs import on_one_line, run_name
from amlplan.errors import RunError
from amlplan.looking.finding import tags_of
from amlplan.wording import few, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@click.command("tag", cls=Command, epilog=RUN_HELP)
@click.argument("run")
@click.argument("tags", nargs=-1)
@run_options
@click.option(
    "--remove",
    "removed",
    cls=Option,
    multiple=True,
    metavar="NAME",
    help="Take a tag away; may be repeated.",
)
@flag("json", "Print for machines.")
def tag_command(
    run: str,
    tags: tuple[str, ...],
    workspace: str | None,
    history: str | None,
    removed: tuple[str, ...],
    *,
    json: bool,
) -> int:
    """Give a RUN tags, each as NAME=VALUE or NAME alone, or take some away; show what it has."""
    console = Console(sys.stdout, sys.stderr)
    place = opened(console, workspace)
    detail = place.history.run(run, history=history)
    run_id = detail.summary.id
    _check_removed(removed, detail.tags)
    for name in removed:
        place.history.append_control(run_id, {"type": "tag", "name": name, "removed": True})
    for name, value in tags_of(tags).items():
        place.history.append_control(run_id, {"type": "tag", "name": name, "value": value})
    now = place.history.run(run_id).tags
    if json:
        console.print(
            json_text({"format_version": FORMAT_VERSION, "id": run_id, "tags": dict(now)})
        )
        return 0
    shown = [f"  {on_one_line(name)} = {on_one_line(value or '')}" for name, value in now.items()]
    console.print(
        "\n".join([f"{run_name(detail.summary)}:" + ("" if shown else " no tags"), *shown])
    )
    return 0


def _check_removed(removed: Sequence[str], there: Mapping[str, str | None]) -> None:
    for name in removed:
        if name not in there:
            known = f"It has: {few(sorted(there))}." if there else "It has none."
            raise RunError(
                "No such tag", f"The run has no tag {name}.{suggestion(name, there)} {known}"
            )
