"""The options of `amlplan run` that are about a grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from amlplan.cli.options import Option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.runs.grids import Grid
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunRequest


def grid_options(function: Any) -> Any:
    """How many members run at once, and by what the best of them is known."""
    for option in (
        click.option(
            "--parallelism",
            cls=Option,
            type=click.IntRange(1, 256),
            metavar="N",
            help="How many members of a grid run at once; as many as there is room for by default.",
        ),
        click.option("--metric", cls=Option, metavar="NAME", help="Mark a grid's best member."),
        click.option(
            "--goal",
            cls=Option,
            type=click.Choice(["minimize", "maximize"]),
            help="Whether the least or the greatest -metric is best; minimize by default.",
        ),
    ):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True)
class GridOptions:
    """What the command line says about a grid; `swept` has parameters with several values."""

    swept: Mapping[str, tuple[str, ...]]
    parallelism: int | None = None
    metric: str | None = None
    goal: str | None = None

    def check(self, ctx: click.Context) -> None:
        """Raise UsageError for options that mean nothing as they stand."""
        given = {"parallelism": self.parallelism, "metric": self.metric, "goal": self.goal}
        for name, value in given.items():
            if value is not None and not self.swept:
                raise click.UsageError(
                    f"-{name} is for a grid, as in: -p alpha=0.1,0.5. No parameter here has "
                    "several values.",
                    ctx,
                )
        if self.metric == "":
            raise click.UsageError("-metric needs the name of a metric.", ctx)
        if self.goal is not None and self.metric is None:
            raise click.UsageError("-goal needs -metric, which names what is compared.", ctx)

    def grid_of(self, request: RunRequest, place: RunPlace) -> Grid | None:
        """The grid of a request; None where it is one run. Raises RunError for too many members."""
        if not self.swept:
            return None
        from amlplan.runs.grids import Grid
        from amlplan.runs.room import at_once

        parallelism = self.parallelism or at_once(place.jobs, request.needs)
        grid = Grid.of(request, self.swept, parallelism)
        return replace(grid, metric=self.metric, goal=self.goal or "minimize")
