"""Protocols of run histories: what runs recorded, who may write it, and who may look.

The event files of the runs are the truth; a history is a view over them that can be made again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

Json = Any
"""A JSON value; not the pydantic type, whose import every `amlplan run` would pay for."""

FINAL = frozenset({"Completed", "Failed", "Canceled"})
"""The statuses that end a run."""

_ENDINGS = frozenset({"Failed", "Canceled"})
NEXT: Mapping[str, frozenset[str]] = {
    "NotStarted": frozenset({"Queued", "Preparing", "Running"}) | _ENDINGS,
    "Queued": frozenset({"Preparing", "Running"}) | _ENDINGS,
    "Preparing": frozenset({"Running"}) | _ENDINGS,
    "Running": frozenset({"Preparing", "Finalizing", "NotResponding", "Completed"}) | _ENDINGS,
    "NotResponding": frozenset({"Running", "Finalizing", "Completed"}) | _ENDINGS,
    "Finalizing": frozenset({"Completed"}) | _ENDINGS,
    "Completed": frozenset(),
    "Failed": frozenset(),
    "Canceled": frozenset(),
}
"""The statuses that may follow each status; behind Running, Preparing is of another attempt."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where a history is that a server keeps: under the name of its workspace.

    `dsn` gives the connection string, a secret, or raises HistoryError where it cannot be had.
    """

    workspace: str
    dsn: Callable[[], str]
    logs: Path | None = None
    """Where the logs of runs that ended are put for other hosts."""


@dataclass(frozen=True, slots=True)
class RunDraft:
    """A run that is about to be submitted; `definition` is its expanded configuration."""

    history: str
    name: str
    workspace: str = ""
    definition: Mapping[str, Json] = field(default_factory=dict)
    parent: str | None = None
    by: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in a list. `number` counts within the history and is None for a child run.

    Times are unix times; `started` is when it first ran, `ended` when it got its last status.
    """

    id: str
    number: int | None
    history: str
    name: str
    status: str
    created: float
    started: float | None = None
    ended: float | None = None
    exit_code: int | None = None
    reason: str | None = None
    parent: str | None = None
    by: str = ""
    host: str = ""

    @property
    def duration(self) -> float | None:
        """Seconds from its first running to its end, or None where it lacks one of them."""
        if self.started is None or self.ended is None:
            return None
        return self.ended - self.started


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A status that a run got."""

    status: str
    time: float
    reason: str | None = None
    exit_code: int | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric: a number (also NaN and the infinities), text or a truth value."""

    value: float | int | str | bool
    step: int | None
    time: float


@dataclass(frozen=True, slots=True)
class Metric:
    """All values of one metric of a run; `least` and `greatest` leave out NaN and text."""

    count: int
    last: Point
    least: float | None = None
    greatest: float | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A list, row, table, image, artifact, model or error, with the fields of its event."""

    kind: str
    name: str
    time: float
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that a run gave, relative to its working folder."""

    path: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class RunDetail:
    """Everything that is known of a run but its series and records.

    `left_out` names files that were not collected, with why. `ignored` counts statuses that were
    not legal, `skipped` lines of its files that are no events. `parameters` are those of the
    definition, and over them those that the script logged.
    """

    summary: RunSummary
    workspace: str
    definition: Mapping[str, Json]
    statuses: Sequence[StatusChange]
    metrics: Mapping[str, Metric]
    tags: Mapping[str, str | None]
    properties: Mapping[str, str]
    outputs: Mapping[str, OutputFile]
    left_out: Mapping[str, str]
    children: Sequence[RunSummary]
    ignored: int = 0
    skipped: int = 0
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunOverview:
    """A run with what runs are found and compared by."""

    summary: RunSummary
    metrics: Mapping[str, Metric]
    parameters: Mapping[str, str]
    tags: Mapping[str, str | None]
    properties: Mapping[str, str]
    definition: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which completed run is wanted.

    `best` is the least or the greatest `metric`, ties going to the oldest run; `last` is the
    newest run. Of a series, `aggregate` is what counts. `where` demands tags, `require` metrics
    of at least a value, `path` an output file, or a folder with files in it. A metric that is NaN
    or text never counts.
    """

    history: str
    metric: str | None = None
    goal: Literal["minimize", "maximize"] = "minimize"
    select: Literal["best", "last"] = "best"
    aggregate: Literal["last", "min", "max"] = "last"
    where: Mapping[str, str] = field(default_factory=dict)
    require: Sequence[tuple[str, float]] = ()
    path: str | None = None


@dataclass(frozen=True, slots=True)
class SelectedRun:
    """The run that a selection found: its metric, and the files at or below `path`."""

    run: RunSummary
    value: float | None
    outputs: Mapping[str, OutputFile]


@dataclass(frozen=True, slots=True)
class Edge:
    """That one thing has to do with another: `source` -`relation`-> `target`, for lineage."""

    source: str
    relation: str
    target: str
    time: float


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a look at event files brought: events taken, lines skipped.

    `is_busy` tells that another process was taking them in, so that nothing was done here;
    `is_read_only` that this user may only look at what was taken in before.
    """

    events: int = 0
    skipped: int = 0
    is_busy: bool = False
    is_read_only: bool = False


class RecordsRuns(Protocol):
    """Writes runs; each method returns when what it wrote is durable. Raises HistoryError."""

    def create(self, draft: RunDraft) -> RunSummary:
        """Give a run its id and number and write its first event; it may be submitted then."""
        ...

    def append_control(self, run_id: str, event: Mapping[str, Json]) -> None:
        """Append an event (`type` and its fields) of the command line to the run's events.

        For a child of a run, `run_id` is the child's.
        """
        ...


class TakesEvents(Protocol):
    """Takes event files into the view; raises HistoryError. All of it may be repeated."""

    def sync(
        self, run_id: str | None = None, *, wait: bool = False, timeout: float = 60.0
    ) -> Ingested:
        """Take in what was recorded since, of one run or of all that have not ended.

        One process does it at a time. Without `wait`, another that is at it is left alone and
        this returns at once; with it, blocks up to `timeout` seconds until all is taken in that
        was in the files when it was called.
        """
        ...

    def rebuild(self) -> Ingested:
        """Make the view again from all files; readers go on with the old one meanwhile."""
        ...


class ReadsRuns(Protocol):
    """Reads what was taken in. A run is named by its id, the beginning of it, its number, `latest`.

    Raises HistoryError where the name fits no run, or more than one.
    """

    def histories(self) -> Mapping[str, int]:
        """The histories, with how many runs each has; children are not counted."""
        ...

    def runs(
        self, history: str | None = None, *, status: str | None = None, limit: int | None = None
    ) -> list[RunSummary]:
        """The runs, the newest first, without children."""
        ...

    def run(self, reference: str, *, history: str | None = None) -> RunDetail:
        """One run; a number, and `latest`, are looked for in `history` where it is given."""
        ...

    def series(self, run_id: str, name: str) -> list[Point]:
        """The values of a metric in the order of their recording; [] where it has none."""
        ...

    def records(self, run_id: str, kind: str | None = None) -> list[Recorded]:
        """What was recorded other than metrics, tags and properties, in that order too."""
        ...


class SurveysRuns(Protocol):
    """Looks at many runs at once."""

    def overviews(
        self,
        history: str | None = None,
        *,
        status: str | None = None,
        with_children: bool = False,
    ) -> list[RunOverview]:
        """The runs, the newest first, with the last values of all their metrics."""
        ...


class FindsRuns(Protocol):
    """Finds runs by what they are."""

    def select(self, selection: Selection) -> SelectedRun | None:
        """The run that a selection asks for, or None where no run fits."""
        ...

    def unfinished(self) -> list[RunSummary]:
        """The runs without a last status, children too; whether they live is not known here."""
        ...


class TracesLineage(Protocol):
    """Keeps what came from what. Nodes are any text, as in `run:ID` or `model:sha256:…`."""

    def add_edge(self, source: str, relation: str, target: str) -> None:
        """Record that the target came from the source; durable on return, may be repeated."""
        ...

    def lineage(self, node: str, direction: Literal["up", "down"]) -> list[Edge]:
        """All edges on the ways to what a node came from (up), or to what came from it (down)."""
        ...


class History(RecordsRuns, TakesEvents, ReadsRuns, SurveysRuns, FindsRuns, TracesLineage, Protocol):
    """A history of runs, safe for several threads and processes."""
