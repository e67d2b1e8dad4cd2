"""`amlplan runs best`: the run with the best value of a metric, and the next ones."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, get_args

import click

from amlplan.cli.commands.looking.wanted import read_wanted, wanted_options, warn_of_unheard
from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option, flag
from amlplan.cli.run_options import opened, run_options
from amlplan.cli.style import styled, visible
from amlplan.cli.text.fitting import fitted_table, terminal_width
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION, finite, run_json
from amlplan.cli.text.runs import metric_text, run_name
from amlplan.looking.best import Goal, ranked
from amlplan.wording import counted

if TYPE_CHECKING:
    from amlplan.history import RunOverview
    from amlplan.looking.best import Ranking

_WORDS = {"minimize": "least", "maximize": "greatest"}
PARAMETERS = 4
"""Parameters that the table has room for."""


@click.command("best", cls=Command)
@run_options
@wanted_options
@click.option("--metric", cls=Option, required=True, metavar="NAME", help="What to compare by.")
@click.option(
    "--goal",
    cls=Option,
    type=click.Choice(get_args(Goal)),
    default="minimize",
    show_default=True,
    help="Whether the least or the greatest is best.",
)
@click.option(
    "--aggregate",
    cls=Option,
    type=click.Choice(["last", "min", "max"]),
    default="last",
    show_default=True,
    help="Which value of a series counts.",
)
@click.option(
    "--limit",
    cls=Option,
    type=click.IntRange(1),
    default=5,
    show_default=True,
    metavar="N",
    help="How many are shown.",
)
@flag("children", "The children of runs too.")
@flag("json", "Print for machines.")
def best_command(
    workspace: str | None,
    history: str | None,
    name: str | None,
    tags: tuple[str, ...],
    since: str | None,
    where: str | None,
    metric: str,
    goal: Goal,
    aggregate: str,
    limit: int,
    *,
    children: bool,
    json: bool,
) -> int:
    """Find the best of the runs that completed, by a metric."""
    console = Console(sys.stdout, sys.stderr)
    wanted = read_wanted(name=name, tags=tags, since=since, where=where)
    place = opened(console, workspace)
    runs = place.history.overviews(history, status="Completed", with_children=children)
    warn_of_unheard(console, wanted, runs)
    ranking = ranked(wanted.found(runs), metric, goal, aggregate)
    first = ranking.runs[0]
    if json:
        document = run_json(place.history.run(first.summary.id))
        best = {"metric": metric, "goal": goal, "aggregate": aggregate}
        best["value"] = finite(ranking.fact.of(first))
        ids = [{"id": run.summary.id, "value": ranking.fact.of(run)} for run in ranking.runs]
        document |= {"best": best, "ranking": ids[:limit], "format_version": FORMAT_VERSION}
        console.print(json_text(document))
        return 0
    value = f"{visible(metric)} = {metric_text(ranking.fact.of(first))}"
    told = f"the {_WORDS[goal]} of {counted(len(ranking.runs), 'run')}"
    console.print(styled("bold", f"{run_name(first.summary)}: {value}") + f" ({told})\n")
    console.print(_table(ranking, metric, limit))
    return 0


def _table(ranking: Ranking, metric: str, limit: int) -> str:
    shown = ranking.runs[:limit]
    names = list(dict.fromkeys(name for run in shown for name in run.parameters))[:PARAMETERS]
    head = ("RUN", visible(metric), *map(visible, names), "ID")
    rows = [_row(run, ranking.fact.of(run), names) for run in shown]
    return fitted_table(head, rows, terminal_width())


def _row(run: RunOverview, value: Any, names: list[str]) -> tuple[str, ...]:
    parameters = (run.parameters.get(name, "-") for name in names)
    return (run_name(run.summary), metric_text(value), *parameters, run.summary.id)
