"""Plots as SVG pictures that need nothing else: axes, curves with gaps, and a legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.looking.markup import safe
from amlplan.looking.scales import Scale, number_text, scales_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amlplan.looking.curves import Curve, Spot

COLOURS = ("#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#0891b2", "#be185d", "#4d7c0f")
WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 30, 34
MOST_SPOTS = 2000
"""Spots of a curve that are drawn; of more, the least and the greatest of each stretch."""
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#475569}.t{font-weight:600;fill:#0f172a}"
    ".g{stroke:#e2e8f0}.a{stroke:#94a3b8}.c{fill:none;stroke-width:1.6;stroke-linejoin:round}"
)


def colour_of(number: int) -> str:
    """The colour of a curve by its place."""
    return COLOURS[number % len(COLOURS)]


def plot_svg(curves: Sequence[Curve], title: str) -> str:
    """A picture of curves, as a document of its own or as a part of a page."""
    across, up = scales_of(curves)
    legend = len(curves) if len(curves) > 1 else 0
    height = HEIGHT + 18 * legend
    area = f"{LEFT},{TOP},{WIDTH - RIGHT},{HEIGHT - BOTTOM}"
    ranges = f"{across.least!r},{across.greatest!r},{up.least!r},{up.greatest!r}"
    shape = f'viewBox="0 0 {WIDTH} {height}" data-area="{area}" data-ranges="{ranges}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {shape} role="img">',
        f"<title>{safe(title)}</title><style>{_STYLE}</style>",
        f'<text class="t" x="{LEFT}" y="18">{safe(title)}</text>',
        *_grid(across, up),
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 4}" text-anchor="middle">{_axis(curves)}</text>',
    ]
    for number, curve in enumerate(curves):
        parts += _curve(number, curve, across, up)
        if legend:
            parts += _legend(number, curve.label)
    return "".join([*parts, "</svg>\n"])


def _axis(curves: Sequence[Curve]) -> str:
    return "step" if all(curve.by_step for curve in curves) else "value"


def _x(across: Scale, value: float) -> float:
    return LEFT + across.part(value) * (WIDTH - LEFT - RIGHT)


def _y(up: Scale, value: float) -> float:
    return TOP + (1 - up.part(value)) * (HEIGHT - TOP - BOTTOM)


def _grid(across: Scale, up: Scale) -> Iterator[str]:
    for tick in up.ticks(5):
        y = f"{_y(up, tick):.1f}"
        yield f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 6}" y="{y}" dy="4" text-anchor="end">{number_text(tick)}</text>'
    floor = HEIGHT - BOTTOM
    for tick in across.ticks(8):
        x = f"{_x(across, tick):.1f}"
        yield f'<line class="a" x1="{x}" x2="{x}" y1="{floor}" y2="{floor + 4}"/>'
        yield f'<text x="{x}" y="{floor + 16}" text-anchor="middle">{number_text(tick)}</text>'
    yield f'<line class="a" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>'


def _curve(number: int, curve: Curve, across: Scale, up: Scale) -> Iterator[str]:
    colour = colour_of(number)
    room = max(2, MOST_SPOTS // max(1, len(curve.lines)))
    yield f'<g data-label="{safe(curve.label)}" data-colour="{colour}">'
    for line in curve.lines:
        spots = thinned(line, room)
        values = f'data-values="{" ".join(f"{x:.10g},{y:.6g}" for x, y in spots)}"'
        places = [f"{_x(across, x):.1f},{_y(up, y):.1f}" for x, y in spots]
        if len(places) == 1:
            x, y = places[0].split(",")
            yield f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}" {values}/>'
        else:
            yield f'<polyline class="c" stroke="{colour}" points="{" ".join(places)}" {values}/>'
    yield "</g>"


def thinned(line: Sequence[Spot], most: int) -> Sequence[Spot]:
    """A line of at most about so many spots that looks the same: no peak is lost."""
    if len(line) <= most:
        return line
    size = -(-len(line) // max(1, most // 2))
    kept: list[Spot] = []
    for start in range(0, len(line), size):
        stretch = line[start : start + size]
        ends = {min(stretch, key=lambda spot: spot[1]), max(stretch, key=lambda spot: spot[1])}
        kept += sorted(ends, key=stretch.index)
    return kept


def _legend(number: int, label: str) -> Iterator[str]:
    y = HEIGHT + 18 * number + 6
    yield f'<rect x="{LEFT}" y="{y - 9}" width="14" height="4" fill="{colour_of(number)}"/>'
    yield f'<text x="{LEFT + 22}" y="{y - 3}">{safe(label)}</text>'
