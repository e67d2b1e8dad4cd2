"""The options that say which runs are wanted, shared by the commands that find some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from amlplan.cli.options import Option
from amlplan.cli.run_options import warned
from amlplan.looking.finding import Wanted, moment_of, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from amlplan.cli.console import Console
    from amlplan.history import RunOverview


def where_option(function: Any) -> Any:
    """The option that takes a condition."""
    return click.option(
        "--where",
        cls=Option,
        metavar="CONDITION",
        help="Only runs of which this holds, as in 'metrics.mse < 0.5 and params.alpha = 0.1'.",
    )(function)


def wanted_options(function: Any) -> Any:
    """The options for names, tags, age and conditions."""
    function = click.option(
        "--name", cls=Option, metavar="NAME", help="Only runs of this name; * stands for any text."
    )(function)
    function = click.option(
        "--tag",
        "tags",
        cls=Option,
        multiple=True,
        metavar="NAME=VALUE",
        help="Only runs with this tag, of this value where one is given; may be repeated.",
    )(function)
    function = click.option(
        "--since",
        cls=Option,
        metavar="WHEN",
        help="Only runs created since then: 90m, 12h, 2d, 3w, or a day or time.",
    )(function)
    return where_option(function)


def read_wanted(
    *,
    name: str | None = None,
    tags: Sequence[str] = (),
    since: str | None = None,
    where: str | None = None,
) -> Wanted:
    """What the options ask for; raises AmlplanError. The language is imported only for `where`."""
    condition = None
    if where is not None:
        from amlplan.looking.condition import Condition

        condition = Condition.read(where)
    return Wanted(
        name=name,
        tags=tags_of(tags),
        since=None if since is None else moment_of(since, "since"),
        condition=condition,
    )


def warn_of_unheard(console: Console, wanted: Wanted, runs: Iterable[RunOverview]) -> None:
    """Tell which names of a condition no run has: they may be slips."""
    for sentence in wanted.condition.unheard_of(runs) if wanted.condition is not None else ():
        warned(console, sentence)
