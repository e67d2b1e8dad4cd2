"""Draws metrics of runs: on the terminal, or into a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amlplan.cli.options import Option
from amlplan.cli.text.run_json import finite
from amlplan.cli.text.runs import run_name
from amlplan.errors import RunError
from amlplan.looking.curves import curves_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.cli.console import Console
    from amlplan.history import History, RunDetail


def plot_options(function: Any) -> Any:
    """The options for plots."""
    function = click.option(
        "--svg",
        cls=Option,
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Draw the plot into an SVG picture instead.",
    )(function)
    function = click.option(
        "--png",
        cls=Option,
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Draw the plot into a PNG picture instead (needs matplotlib: amlplan[plots]).",
    )(function)
    return click.option(
        "--plot",
        "plots",
        cls=Option,
        multiple=True,
        metavar="METRIC",
        help="Plot a metric; may be repeated, for several in one plot.",
    )(function)


def short_names(runs: Sequence[RunDetail]) -> list[str]:
    """What runs are called side by side: no more of a name than tells them apart."""
    summaries = [run.summary for run in runs]
    one_history = len({run.history for run in summaries}) == 1
    return [
        run.id
        if run.number is None
        else f"run {run.number}"
        if one_history
        else f"{run.history} {run.number}"
        for run in summaries
    ]


def check_plots(metrics: Sequence[str], png: Path | None, svg: Path | None) -> None:
    """Raise RunError for a picture of nothing."""
    if not metrics and (png or svg):
        raise RunError("Nothing to draw", "A picture needs a metric. Name one, as in -plot=loss.")


def draw(
    console: Console,
    history: History,
    runs: Sequence[RunDetail],
    metrics: Sequence[str],
    png: Path | None,
    svg: Path | None,
    *,
    is_silent: bool = False,
    labels: Sequence[str] | None = None,
) -> None:
    """Draw metrics of runs to where they were asked for; raises AmlplanError.

    `labels` are what the runs are called, else by their short names.
    """
    if not metrics:
        return
    curves = curves_of(history, runs, metrics, labels or short_names(runs))
    title = _title(runs, metrics)
    if svg is not None:
        from amlplan.looking.svg_plot import plot_svg

        write_text(svg, plot_svg(curves, title))
    if png is not None:
        from amlplan.looking.png_plot import write_png

        write_png(png, curves, title)
    for picture in (svg, png):
        if picture is not None and not is_silent:
            console.print(f"Drawn: {picture}")
    if not (svg or png or is_silent):
        from amlplan.cli.text.plots import plot_shown

        console.print(plot_shown(title, curves))


def _title(runs: Sequence[RunDetail], metrics: Sequence[str]) -> str:
    what = ", ".join(metrics)
    return f"{what} of {run_name(runs[0].summary)}" if len(runs) == 1 else what


def write_text(path: Path, text: str) -> None:
    """Write a file that was asked for; raises ProviderError."""
    from amlplan.files import failure_at

    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as failure:
        raise failure_at(path, "written", failure) from failure


def series_json(
    history: History, run: RunDetail, metrics: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """The values of metrics, each with its step and time."""
    curves_of(history, [run], metrics, [""])  # says what is not there
    return {
        name: [
            {"value": finite(point.value), "step": point.step, "time": point.time}
            for point in history.series(run.summary.id, name)
        ]
        for name in metrics
    }
