"""Runs and what they recorded, as people read them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from amlplan.cli.style import styled, visible
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from amlplan.history import Metric, RunDetail, RunSummary

_COLOURS = {"Completed": "green", "Failed": "red", "Canceled": "yellow"}
SHOWN = (
    *("program", "target", "environment", "engine", "image", "base_image", "snapshot", "commit"),
    *("rerun_of", "resumed_from"),
)
"""What of a definition is shown as it is."""
MANY = 20
LONGEST = 200
"""Letters that a name or a value may take; -json has all of them."""


def status_text(status: str) -> str:
    """A status in its colour."""
    colour = _COLOURS.get(status)
    return styled(colour, status) if colour else status


def run_name(run: RunSummary) -> str:
    """A run as people speak of it."""
    return run.id if run.number is None else f"run {run.number} of {run.history}"


def duration_text(seconds: float | None) -> str:
    """A length of time in the units that fit it."""
    if seconds is None:
        return "-"
    if seconds < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{rest:02d}s"


def time_text(moment: float | None) -> str:
    """A moment in local time, to the second."""
    if moment is None:
        return "-"
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def on_one_line(text: str) -> str:
    """Text from outside that may neither end its line nor fill the screen."""
    shown = visible(text).replace("\n", "\\n").replace("\t", "\\t")
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns under a head."""
    lines = [tuple(head), *(tuple(on_one_line(cell) for cell in row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    texts = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([styled("bold", texts[0]), *texts[1:]])


RUN_HEAD = ("NUMBER", "HISTORY", "NAME", "STATUS", "STARTED", "TOOK", "ID")


def runs_rows(runs: Iterable[RunSummary]) -> Iterator[tuple[str, ...]]:
    """The cells of each run below `RUN_HEAD`."""
    for run in runs:
        yield (
            "" if run.number is None else str(run.number),
            run.history,
            run.name,
            run.status,
            time_text(run.started or run.created),
            duration_text(run.duration),
            run.id,
        )


def runs_table(runs: Iterable[RunSummary]) -> str:
    """A line for each run."""
    return table(RUN_HEAD, runs_rows(runs))


def metric_text(value: float | str | bool) -> str:  # noqa: FBT001 - any value that a metric takes
    """The value of a metric."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).lower() if isinstance(value, bool) else on_one_line(value)
    return f"{value:g}" if isinstance(value, float) and math.isfinite(value) else str(value)


def ending_text(run: RunDetail) -> str:
    """How a run ended, in a line, and what it measured and gave."""
    summary = run.summary
    why = f" ({visible(summary.reason)})" if summary.reason else ""
    line = f"{run_name(summary)}: {status_text(summary.status)}{why}"
    if summary.duration is not None:
        line += f" after {duration_text(summary.duration)}"
    shown = [f"{on_one_line(name)} = {text}" for name, text in metric_rows(run.metrics)]
    if len(shown) > MANY:
        shown[MANY:] = [f"… and {len(shown) - MANY} more (see: amlplan runs show {summary.id})"]
    files = len(run.outputs)
    if files:
        shown.append(f"{counted(files, 'output')} kept")
    if run.left_out:
        shown.append(f"{len(run.left_out)} not kept (see: amlplan runs show {summary.id})")
    return "\n".join([styled("bold", line), *(f"  {item}" for item in shown)])


def run_text(run: RunDetail) -> str:
    """Everything about a run but its series."""
    summary = run.summary
    why = f": {visible(summary.reason)}" if summary.reason else ""
    facts = {
        "id": summary.id,
        "status": status_text(summary.status) + why.replace("\n", "\n    "),
        "exit code": "-" if summary.exit_code is None else str(summary.exit_code),
        "started": time_text(summary.started),
        "took": duration_text(summary.duration),
        **_attempts(run),
        "by": on_one_line(f"{summary.by} on {summary.host}"),
        **_definition(run.definition),
    }
    width = max(len(name) for name in facts)
    lines = [styled("bold", f"# {run_name(summary)} ({on_one_line(summary.name)})"), ""]
    lines += [f"{name:<{width}}  {text}" for name, text in facts.items()]
    return "\n".join([*lines, *_sections(run)])


def _attempts(run: RunDetail) -> dict[str, str]:
    last = max((change.attempt for change in run.statuses), default=1)
    return {"attempts": str(last)} if last > 1 else {}


def _definition(definition: Mapping[str, Any]) -> dict[str, str]:
    """What a run was defined by, in words."""
    found: dict[str, str] = {}
    for name in SHOWN:
        value = definition.get(name)
        if value:
            text = " ".join(value) if isinstance(value, list) else str(value)
            found[name.replace("_", " ")] = visible(text)
    return found


def _sections(run: RunDetail) -> Iterator[str]:
    if run.parameters:
        yield _section("Parameters", run.parameters.items())
    inputs = run.definition.get("inputs") or {}
    if inputs:
        yield _section("Inputs", ((name, _input(item)) for name, item in inputs.items()))
    if run.metrics:
        yield _section("Metrics", metric_rows(run.metrics))
    if run.tags:
        yield _section("Tags", ((name, value or "") for name, value in run.tags.items()))
    if run.properties:
        yield _section("Properties", run.properties.items())
    if run.outputs:
        files = run.outputs.values()
        yield _section("Outputs", ((file.path, size_text(file.size)) for file in files))
    if run.left_out:
        yield _section("Not kept", run.left_out.items())
    if run.children:
        yield "\n" + styled("bold", "Children") + "\n" + runs_table(run.children)


def _input(item: Mapping[str, Any]) -> str:
    return f"{item['path']} ({size_text(item['size'])}, {item['digest'][:19]})"


def metric_rows(metrics: Mapping[str, Metric]) -> Iterator[tuple[str, str]]:
    """The last value of each metric, and the range of a series."""
    for name, metric in metrics.items():
        text = metric_text(metric.last.value)
        if metric.count > 1 and metric.least is not None and metric.greatest is not None:
            text += f"  ({metric.count} values, {metric.least:g} to {metric.greatest:g})"
        yield name, text


def size_text(size: int) -> str:
    """Bytes in the unit that fits."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:  # noqa: PLR2004 - bytes in a KiB
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def _section(title: str, rows: Iterable[tuple[str, str]]) -> str:
    shown = [(on_one_line(name), on_one_line(text)) for name, text in rows]
    width = max(len(name) for name, _ in shown)
    lines = [f"  {name:<{width}}  {text}" for name, text in shown[:MANY]]
    if len(shown) > MANY:
        lines.append(f"  … and {len(shown) - MANY} more")
    return "\n".join(["", styled("bold", title), *lines])
