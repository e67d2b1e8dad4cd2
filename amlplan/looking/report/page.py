"""The page of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.looking.facts import moment_text
from amlplan.looking.markup import safe
from amlplan.looking.report.elements import badge, grid, section
from amlplan.looking.report.plots_part import plots
from amlplan.looking.report.run_part import run_part
from amlplan.looking.report.style import POLICY, SCRIPT, STYLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amlplan.looking.comparison import Section
    from amlplan.looking.curves import Curve
    from amlplan.looking.report.gathering import Gathered


def page(
    runs: Sequence[Gathered], labels: Sequence[str], compared: Sequence[Section], now: float
) -> str:
    """One page about one run, or about several compared; `labels` are what they are called."""
    body = _one(runs[0], labels[0]) if len(runs) == 1 else _several(runs, labels, compared)
    title = _title(runs, labels)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{safe(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe(title)}</title><style>{STYLE}</style></head><body><main>"
        f"{body}<footer>Written by amlplan, {safe(moment_text(now))}.</footer></main>"
        f'<div id="tip"></div><script>{SCRIPT}</script></body></html>\n'
    )


def _title(runs: Sequence[Gathered], labels: Sequence[str]) -> str:
    name = runs[0].run.summary.history
    return f"{name}: {labels[0]}" if len(runs) == 1 else f"{name}: {', '.join(labels)}"


def _one(found: Gathered, label: str) -> str:
    summary = found.run.summary
    head = f"<h1>{safe(summary.history)}: {safe(label)} {badge(summary.status)}</h1>"
    return f'{head}<p class="sub">{safe(summary.name)}</p>{run_part(found)}'


def _several(runs: Sequence[Gathered], labels: Sequence[str], compared: Sequence[Section]) -> str:
    head = f"<h1>{safe(runs[0].run.summary.history)}: {len(runs)} runs compared</h1>"
    parts = [head, f'<p class="sub">{safe(", ".join(labels))}</p>']
    parts += [_compared(each, labels) for each in compared]
    parts.append(plots(dict(_overlaid(runs))))
    for found, label in zip(runs, labels, strict=True):
        title = f"{safe(label)} {badge(found.run.summary.status)}"
        inner = run_part(found, with_plots=False)
        parts.append(f"<details><summary>{title}</summary>{inner}</details>")
    return "".join(parts)


def _compared(part: Section, labels: Sequence[str]) -> str:
    rows = [(row.name, *row.values) for row in part.rows]
    marked = [row.differs for row in part.rows]
    return section(part.title, grid(("", *labels), rows, marked))


def _overlaid(runs: Sequence[Gathered]) -> Iterator[tuple[str, list[Curve]]]:
    """The curves of each metric, of all runs that have it."""
    for name in dict.fromkeys(name for found in runs for name in found.curves):
        yield name, [found.curves[name] for found in runs if name in found.curves]
