"""Gathers all that a report tells of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlplan.errors import AmlplanError, RunError
from amlplan.looking.curves import curve_of
from amlplan.looking.members import members_with_curves
from amlplan.runs.elsewhere import log_of
from amlplan.snapshots.snapshot import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from amlplan.history import Edge, Recorded, RunDetail
    from amlplan.looking.curves import Curve
    from amlplan.looking.members import Member
    from amlplan.runs.place import RunPlace

LOG_BYTES, LOG_LINES = 64 * 1024, 200
PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}
LARGEST_PICTURE = 8 * 1024 * 1024
TABLE_ROWS = 200


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that a run recorded; `data` is None where it cannot be shown, `why` says so."""

    name: str
    mime: str = ""
    data: bytes | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a run recorded, at most `TABLE_ROWS` of its rows; `rows_in_all` counts them."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    rows_in_all: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """A run as a report tells of it; `files` are those of its snapshot by path, with their size.

    `members` are those of a grid.
    """

    run: RunDetail
    curves: Mapping[str, Curve]
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    others: Sequence[Recorded] = ()
    edges: Sequence[Edge] = ()
    log: str = ""
    files: Mapping[str, int] = field(default_factory=dict)
    members: Sequence[Member] = ()


def gathered(place: RunPlace, run: RunDetail, label: str) -> Gathered:
    """All about a run; `label` is what its curves are called. What was cleared away is left out."""
    history, run_id = place.history, run.summary.id
    records = history.records(run_id)
    node = f"run:{run_id}"
    return Gathered(
        run=run,
        curves={
            name: curve_of(label, history.series(run_id, name))
            for name, metric in run.metrics.items()
            if metric.count > 1
        },
        tables=_tables(records),
        pictures=[_picture(each, run, place) for each in records if each.kind == "image"],
        others=[each for each in records if each.kind not in {"table", "row", "list", "image"}],
        edges=[*history.lineage(node, "up"), *history.lineage(node, "down")],
        log=_log(run, place),
        files=_files(run, place),
        members=members_with_curves(place, run),
    )


def _log(run: RunDetail, place: RunPlace) -> str:
    try:
        return end_of_log(log_of(run.summary, place))
    except RunError:  # it is on another host
        return ""


def end_of_log(path: Path) -> str:
    """The last lines of a log; bytes that are no text are replaced."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - LOG_BYTES))
            data = file.read()
    except OSError:
        return ""
    lines = data.decode(errors="replace").splitlines()
    is_cut = size > LOG_BYTES or len(lines) > LOG_LINES
    return "\n".join(["…"] * is_cut + lines[-LOG_LINES:])


def _tables(records: Sequence[Recorded]) -> list[Table]:
    """Tables and lists, then the rows of one name as one table."""
    found: list[Table] = []
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for each in records:
        values = each.data.get("values")
        if each.kind == "row" and isinstance(values, dict):
            rows.setdefault(each.name, []).append(values)
        elif each.kind == "table" and isinstance(values, dict):
            found.append(_by_columns(each.name, values))
        elif each.kind == "list" and isinstance(values, list):
            cells = [[value] for value in values[:TABLE_ROWS]]
            found.append(Table(each.name, ["value"], cells, len(values)))
    for name, several in rows.items():
        head = list(dict.fromkeys(column for row in several for column in row))
        cells = [[row.get(column) for column in head] for row in several[:TABLE_ROWS]]
        found.append(Table(name, head, cells, len(several)))
    return found


def _by_columns(name: str, values: Mapping[str, Any]) -> Table:
    columns = [value if isinstance(value, list) else [value] for value in values.values()]
    length = max(map(len, columns), default=0)
    cells = [
        [column[row] if row < len(column) else None for column in columns]
        for row in range(min(length, TABLE_ROWS))
    ]
    return Table(name, list(values), cells, length)


def _picture(record: Recorded, run: RunDetail, place: RunPlace) -> Picture:
    path = str(record.data.get("path", ""))
    output = run.outputs.get(path)
    ending = f".{path.rpartition('.')[2].lower()}"
    if output is None:
        return Picture(record.name, why=f"{path} is not among the outputs that were kept")
    if ending not in PICTURES:
        return Picture(record.name, why=f"{path} is no picture that a page can show")
    if output.size > LARGEST_PICTURE:
        return Picture(record.name, why=f"{path} has {output.size:,} bytes, too many for a page")
    try:
        return Picture(
            record.name, PICTURES[ending], place.content.path(output.digest).read_bytes()
        )
    except OSError:
        return Picture(record.name, why=f"{path} is not in the workspace's store any more")


def _files(run: RunDetail, place: RunPlace) -> dict[str, int]:
    snapshot = run.definition.get("snapshot")
    try:
        entries = load(place.content, str(snapshot)).files if snapshot else {}
    except AmlplanError:
        return {}
    return {path: entry.size for path, entry in entries.items()}
