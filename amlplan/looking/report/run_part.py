"""What a report tells of one run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amlplan.looking.facts import moment_text, taken
from amlplan.looking.markup import safe
from amlplan.looking.report.elements import figure, grid, pairs, recorded_table, section
from amlplan.looking.report.members_part import members_part
from amlplan.looking.report.plots_part import plots

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.history import RunDetail
    from amlplan.looking.report.gathering import Gathered

_ORIGIN = ("run_config", "program", "target", "environment", "snapshot", "commit", "dirty")
FILES = 100


def run_part(found: Gathered, *, with_plots: bool = True) -> str:
    """All about one run; plots may stand elsewhere, with those of others."""
    parts = [
        section("How it went", pairs(_facts(found.run))),
        section("Parameters", pairs(found.run.parameters.items())),
        section("Metrics", _metrics(found.run)),
        plots({name: [curve] for name, curve in found.curves.items()}) if with_plots else "",
        _recorded(found),
        members_part(found.run, found.members) or section("Children", _children(found.run)),
        section("Tags", pairs(found.run.tags.items())),
        section("Properties", pairs(found.run.properties.items())),
        section("Origin", pairs(_origin(found.run))),
        section("Inputs", _inputs(found.run)),
        section("Outputs", _outputs(found.run)),
        section("Lineage", grid(("FROM", "", "TO"), _edges(found))),
        section(f"Files of the snapshot ({len(found.files)})", _files(found.files)),
        section("End of the log", f"<pre>{safe(found.log)}</pre>" if found.log else ""),
    ]
    return "".join(parts)


def _facts(run: RunDetail) -> Iterator[tuple[str, Any]]:
    summary = run.summary
    yield "id", summary.id
    yield "status", summary.status
    if summary.reason:
        yield "reason", summary.reason
    yield "exit code", summary.exit_code
    yield "started", moment_text(summary.started)
    yield "took", _seconds(taken(summary))
    yield "by", f"{summary.by} on {summary.host}"
    yield "workspace", run.workspace


def _metrics(run: RunDetail) -> str:
    rows = [
        (name, metric.last.value, metric.last.step, metric.least, metric.greatest, metric.count)
        for name, metric in run.metrics.items()
    ]
    return grid(("METRIC", "LAST", "STEP", "MIN", "MAX", "VALUES"), rows)


def _recorded(found: Gathered) -> str:
    tables = "".join(recorded_table(table) for table in found.tables)
    figures = "".join(figure(picture) for picture in found.pictures)
    rows = [
        (each.kind, each.name, json.dumps(dict(each.data), ensure_ascii=False, default=str))
        for each in found.others
    ]
    return (
        (f"<h2>Tables</h2>{tables}" if tables else "")
        + (f'<h2>Figures</h2><div class="grid">{figures}</div>' if figures else "")
        + section("Also recorded", grid(("KIND", "NAME", "WHAT"), rows))
    )


def _children(run: RunDetail) -> str:
    rows = [(each.name, each.status, _seconds(taken(each)), each.id) for each in run.children]
    return grid(("NAME", "STATUS", "TOOK", "ID"), rows)


def _seconds(duration: float | None) -> str | None:
    return None if duration is None else f"{duration:.1f} s"


def _origin(run: RunDetail) -> Iterator[tuple[str, Any]]:
    for name in _ORIGIN:
        value = run.definition.get(name)
        if value not in (None, "", []):
            yield name, " ".join(map(str, value)) if isinstance(value, list) else value


def _inputs(run: RunDetail) -> str:
    inputs = run.definition.get("inputs") or {}
    rows = [
        (name, item.get("path"), item.get("size"), item.get("digest"))
        for name, item in inputs.items()
        if isinstance(item, dict)
    ]
    return grid(("INPUT", "PATH", "BYTES", "DIGEST"), rows)


def _outputs(run: RunDetail) -> str:
    rows = [(file.path, f"{file.size:,}", file.digest) for file in run.outputs.values()]
    lost = [(path, "not kept", why) for path, why in run.left_out.items()]
    return grid(("PATH", "BYTES", "DIGEST"), [*rows, *lost])


def _edges(found: Gathered) -> Iterator[tuple[str, str, str]]:
    for edge in found.edges:
        yield edge.source, edge.relation, edge.target


def _files(files: Mapping[str, int]) -> str:
    shown = list(files.items())[:FILES]
    more = len(files) - len(shown)
    rows: list[tuple[Any, ...]] = [(path, f"{size:,}") for path, size in shown]
    return grid(("PATH", "BYTES"), [*rows, (f"… and {more:,} more", "")] if more else rows)
