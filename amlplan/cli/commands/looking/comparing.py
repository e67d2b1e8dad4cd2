"""`amlplan runs compare`: what differs between runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amlplan.abilities import RemembersEnvironments
from amlplan.cli.commands.looking.drawing import (
    check_plots,
    draw,
    plot_options,
    series_json,
    short_names,
)
from amlplan.cli.console import Console
from amlplan.cli.options import Command, flag
from amlplan.cli.run_options import RUN_HELP, opened, run_options
from amlplan.cli.style import styled
from amlplan.cli.text.fitting import fitted_table, terminal_width
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION, finite
from amlplan.cli.text.runs import duration_text, metric_text
from amlplan.project.folders import provider_context
from amlplan.provider import has
from amlplan.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.history import RunDetail
    from amlplan.looking.comparison import Row, Section
    from amlplan.runs.place import RunPlace

DIGEST = "sha256:"
SHOWN_OF_DIGEST = 19
FILES_SHOWN = 30


@click.command("compare", cls=Command, epilog=RUN_HELP)
@click.argument("runs", nargs=-1, required=True)
@run_options
@plot_options
@flag("all", "What is the same in all of them too.")
@flag("json", "Print for machines, what is the same too.")
def compare_command(
    runs: tuple[str, ...],
    workspace: str | None,
    history: str | None,
    plots: tuple[str, ...],
    png: Path | None,
    svg: Path | None,
    *,
    all: bool,  # noqa: A002 - as the option is called
    json: bool,
) -> int:
    """Compare two or more RUNS: only what differs, unless all is asked for."""
    if len(runs) < 2:  # noqa: PLR2004 - as many as it takes
        raise click.UsageError(
            "Name at least two runs, as in: amlplan runs compare 1 2", click.get_current_context()
        )
    console = Console(sys.stdout, sys.stderr)
    check_plots(plots, png, svg)
    place = opened(console, workspace)
    details = [place.history.run(run, history=history) for run in runs]
    sections = compared(place, details, everything=all or json)
    if json:
        document = _json_of(details, sections)
        if plots:
            document["series"] = {
                run.summary.id: series_json(
                    place.history, run, [name for name in plots if name in run.metrics]
                )
                for run in details
            }
        console.print(json_text(document))
    elif not (png or svg):
        console.print(_text_of(details, sections))
        console.print() if plots else None
    draw(console, place.history, details, plots, png, svg, is_silent=json)
    return 0


def compared(place: RunPlace, runs: Sequence[RunDetail], *, everything: bool) -> Sequence[Section]:
    """What differs between runs, or all that they have; raises AmlplanError."""
    from amlplan.looking.comparison import comparison

    def packages(digest: str) -> Mapping[str, str]:
        environments = Registry(provider_context(Path.cwd())).provider("environment")
        if not has(environments, RemembersEnvironments):
            return {}
        return environments.contents(place.folder, digest)

    return comparison(runs, place.content, packages, everything=everything)


def _json_of(runs: Sequence[RunDetail], sections: Sequence[Section]) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "runs": [run.summary.id for run in runs],
        "sections": {
            section.title: {
                row.name: {"values": [finite(each) for each in row.values], "differs": row.differs}
                for row in section.rows
            }
            for section in sections
        },
    }


def _text_of(runs: Sequence[RunDetail], sections: Sequence[Section]) -> str:
    if not sections:
        return "Nothing differs between these runs."
    names = short_names(runs)
    return "\n\n".join(_section_text(section, names) for section in sections)


def _section_text(section: Section, names: Sequence[str]) -> str:
    shown = section.rows[:FILES_SHOWN]
    rows = [(row.name, *(_value_text(row, each) for each in row.values)) for row in shown]
    text = fitted_table((section.title.upper(), *names), rows, terminal_width())
    more = len(section.rows) - len(shown)
    return text + (f"\n{styled('dim', f'… and {more} more; -json has all')}" if more else "")


def _value_text(row: Row, value: Any) -> str:
    if value is None:
        return "-"
    if row.name == "duration":
        return duration_text(value)
    if isinstance(value, str) and value.startswith(DIGEST):
        return value[:SHOWN_OF_DIGEST]
    return metric_text(value)
