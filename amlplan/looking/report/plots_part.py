"""The plots of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.looking.svg_plot import plot_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.looking.curves import Curve


def plots(curves: Mapping[str, Sequence[Curve]]) -> str:
    """A plot for each metric."""
    drawn = [f'<div class="card">{plot_svg(each, name)}</div>' for name, each in curves.items()]
    return f'<h2>Plots</h2><div class="grid">{"".join(drawn)}</div>' if drawn else ""
