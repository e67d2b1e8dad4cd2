"""`amlplan runs list`: which runs there are, found, sorted and with the columns of choice."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from amlplan.cli.commands.looking.wanted import read_wanted, wanted_options, warn_of_unheard
from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option, flag
from amlplan.cli.run_options import opened, run_options
from amlplan.cli.text.fitting import fitted_table, terminal_width
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION, finite, summary_json
from amlplan.cli.text.runs import RUN_HEAD, duration_text, metric_text, runs_rows
from amlplan.history import NEXT
from amlplan.looking.facts import FIELDS, fact_named
from amlplan.looking.finding import in_order
from amlplan.runs.standing import place_in_queue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.history import RunOverview, RunSummary
    from amlplan.runs.place import RunPlace

LIST_HELP = (
    "CONDITION: metrics.NAME, min.NAME, max.NAME, params.NAME, tags.NAME, properties.NAME and the "
    "fields of a run, with = != < <= > >=, and, or, not, and the functions of the configuration. "
    'A name of other letters is written metrics["val/loss"].'
)


@click.command("list", cls=Command, epilog=LIST_HELP)
@run_options
@wanted_options
@click.option("--status", cls=Option, type=click.Choice(list(NEXT)), help="Only these.")
@click.option(
    "--sort",
    cls=Option,
    metavar="NAME",
    help="Sort by a metric, parameter, tag or field, the least first.",
)
@flag("reverse", "The greatest first; without -sort, the oldest run first.")
@click.option(
    "--columns",
    cls=Option,
    metavar="NAMES",
    help="Show these metrics, parameters, tags or fields, as in number,mse,params.alpha,duration.",
)
@flag("children", "The children of runs too.")
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
def list_command(
    workspace: str | None,
    history: str | None,
    name: str | None,
    tags: tuple[str, ...],
    since: str | None,
    where: str | None,
    status: str | None,
    sort: str | None,
    columns: str | None,
    limit: int,
    *,
    reverse: bool,
    children: bool,
    json: bool,
) -> int:
    """List the runs, the newest first."""
    console = Console(sys.stdout, sys.stderr)
    wanted = read_wanted(name=name, tags=tags, since=since, where=where)
    place = opened(console, workspace)
    if wanted == read_wanted() and not (sort or columns or reverse or children):
        runs = place.history.runs(history, status=status, limit=limit)
        listing, is_filtered = Listing(runs), bool(history or status)
    else:
        every = place.history.overviews(history, status=status, with_children=children)
        warn_of_unheard(console, wanted, every)
        found = _sorted(wanted.found(every), sort, is_reversed=reverse)[:limit]
        listing = _listing(found, columns, sort, every)
        is_filtered = bool(every or history or status)
    listing = replace(listing, places=_places(listing.runs, place))
    console.print(_json_of(listing) if json else _text_of(listing, is_filtered=is_filtered))
    return 0


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs of a list, and what each has of the facts that were asked for, by their names.

    `is_chosen` tells that these columns take the place of the usual ones.
    """

    runs: Sequence[RunSummary]
    names: Sequence[str] = ()
    facts: Sequence[Sequence[Any]] = ()
    is_chosen: bool = False
    places: Mapping[str, int] = field(default_factory=dict)
    """The places of those that are queued, by their ids."""


def _places(runs: Sequence[RunSummary], place: RunPlace) -> dict[str, int]:
    queued = {run.id: place_in_queue(run.id, place) for run in runs if run.status == "Queued"}
    return {run: number for run, number in queued.items() if number is not None}


def _sorted(found: list[RunOverview], sort: str | None, *, is_reversed: bool) -> list[RunOverview]:
    if sort is None or not found:
        return found[::-1] if is_reversed else found
    return in_order(found, fact_named(sort, found), is_reversed=is_reversed)


def _listing(
    found: Sequence[RunOverview],
    columns: str | None,
    sort: str | None,
    every: Sequence[RunOverview],
) -> Listing:
    """The list with the columns of choice; or with what it is sorted by, beside the usual ones."""
    chosen = [name.strip() for name in columns.split(",") if name.strip()] if columns else []
    names = chosen or ([sort] if sort is not None and sort not in FIELDS else [])
    facts = [fact_named(name, every) for name in names] if found else []
    return Listing(
        [run.summary for run in found],
        names,
        [[fact.of(run) for fact in facts] for run in found],
        is_chosen=bool(chosen),
    )


def _json_of(listing: Listing) -> str:
    shown = [summary_json(run) for run in listing.runs]
    for item, facts in zip(shown, listing.facts, strict=False):
        if facts:
            item["values"] = dict(zip(listing.names, map(finite, facts), strict=True))
    for item in shown:
        if item["id"] in listing.places:
            item["place_in_queue"] = listing.places[item["id"]]
    return json_text({"format_version": FORMAT_VERSION, "runs": shown})


def _text_of(listing: Listing, *, is_filtered: bool) -> str:
    if not listing.runs:
        every = "No such runs. See them all with: amlplan runs list"
        return every if is_filtered else "No runs yet. Start one with: amlplan run"
    facts = listing.facts or [()] * len(listing.runs)
    if listing.is_chosen:
        head, rows = tuple(listing.names), [_texts(listing.names, each) for each in facts]
    else:
        *usual, last = RUN_HEAD
        head = (*usual, *listing.names, last)
        rows = [
            (*row[:-1], *_texts(listing.names, each), row[-1])
            for row, each in zip(runs_rows(_with_places(listing)), facts, strict=True)
        ]
    return fitted_table(head, rows, terminal_width())


def _with_places(listing: Listing) -> list[RunSummary]:
    """The runs with their places in the queue behind their statuses."""
    return [
        replace(run, status=f"{run.status} ({listing.places[run.id]})")
        if run.id in listing.places
        else run
        for run in listing.runs
    ]


def _texts(names: Sequence[str], facts: Sequence[Any]) -> tuple[str, ...]:
    return tuple(_text(name, fact) for name, fact in zip(names, facts, strict=True))


def _text(name: str, fact: Any) -> str:
    if fact is None:
        return "-"
    return duration_text(fact) if name == "duration" else metric_text(fact)
