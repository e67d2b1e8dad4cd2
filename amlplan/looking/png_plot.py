"""Plots as PNG pictures, drawn by matplotlib, which is imported only here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import MissingSdkError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from amlplan.looking.curves import Curve

INCHES = (8.0, 4.5)
DOTS_PER_INCH = 120


def write_png(path: Path, curves: Sequence[Curve], title: str) -> None:
    """Draw curves into a PNG file; raises MissingSdkError where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as failure:
        raise MissingSdkError(
            "A picture needs matplotlib",
            "matplotlib draws PNG files and is not installed. Install it with: pip install "
            '"amlplan[plots]". Or draw an SVG picture, which needs nothing: -svg=FILE.',
        ) from failure
    figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH, layout="tight")
    axes = figure.subplots()
    for number, curve in enumerate(curves):
        for part, line in enumerate(curve.lines):
            label = _plain(curve.label) if part == 0 else None
            marker = "." if len(line) == 1 else None
            axes.plot(*zip(*line, strict=True), color=f"C{number % 10}", label=label, marker=marker)
    axes.set_title(_plain(title))
    axes.set_xlabel("step" if all(curve.by_step for curve in curves) else "value")
    axes.grid(visible=True, alpha=0.3)
    if len(curves) > 1:
        axes.legend()
    try:
        figure.savefig(path, format="png")
    except OSError as failure:
        raise failure_at(path, "written", failure) from failure


def _plain(text: str) -> str:
    """Text as it is: a dollar sign would begin a formula, and an underscore hide a label."""
    shown = text.replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown
