"""What differs between runs: how they went, what they were given, what they measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.errors import AmlplanError
from amlplan.looking.facts import moment_text, taken
from amlplan.snapshots.manifest import File
from amlplan.snapshots.snapshot import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from amlplan.content_store import ContentStore
    from amlplan.history import RunDetail
    from amlplan.snapshots.manifest import Entry

_ORIGIN = ("run_config", "program", "target", "environment", "snapshot", "commit", "dirty")
FILES = "Files of the snapshots"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of each run, None for a run that lacks it."""

    name: str
    values: Sequence[Any]

    @property
    def differs(self) -> bool:
        """Whether not all runs have the same of it."""
        return any(not _is_same(self.values[0], value) for value in self.values[1:])


@dataclass(frozen=True, slots=True)
class Section:
    """Things of one kind."""

    title: str
    rows: Sequence[Row]


def comparison(
    runs: Sequence[RunDetail],
    content: ContentStore,
    packages: Callable[[str], Mapping[str, str]] = lambda _digest: {},
    *,
    everything: bool = False,
) -> list[Section]:
    """What differs between runs, or all that they have; sections without rows are left out.

    `packages` gives what the environment with a digest is made of. Files of snapshots are told
    where they differ only. A snapshot that was cleared away is told by its id alone.
    """
    sections = [
        Section("Run", list(_rows(runs, _run_facts))),
        Section("Parameters", list(_rows(runs, lambda run: run.parameters))),
        Section("Metrics", list(_rows(runs, _metrics))),
        Section("Tags", list(_rows(runs, lambda run: run.tags))),
        Section("Properties", list(_rows(runs, lambda run: run.properties))),
        Section("Origin", list(_rows(runs, _origin))),
        Section("Environment", list(_rows(runs, _packages_by(packages)))),
        Section("Inputs", list(_rows(runs, _inputs))),
        Section(FILES, list(_rows(runs, _files_in(content)))),
        Section("Outputs", list(_rows(runs, _outputs))),
    ]
    kept = [Section(each.title, _kept(each, everything=everything)) for each in sections]
    return [each for each in kept if each.rows]


def _kept(section: Section, *, everything: bool) -> list[Row]:
    is_whole = everything and section.title != FILES
    return [row for row in section.rows if is_whole or row.differs]


def _rows(
    runs: Sequence[RunDetail], facts: Callable[[RunDetail], Mapping[str, Any]]
) -> Iterator[Row]:
    found = [facts(run) for run in runs]
    for name in dict.fromkeys(name for each in found for name in each):
        yield Row(name, [each.get(name) for each in found])


def _run_facts(run: RunDetail) -> dict[str, Any]:
    summary = run.summary
    return {
        "id": summary.id,
        "name": summary.name,
        "status": summary.status,
        "exit code": summary.exit_code,
        "started": moment_text(summary.started),
        "duration": taken(summary),
        "by": summary.by,
        "host": summary.host,
    }


def _metrics(run: RunDetail) -> dict[str, Any]:
    return {name: metric.last.value for name, metric in run.metrics.items()}


def _origin(run: RunDetail) -> dict[str, Any]:
    given = {name: run.definition.get(name) for name in _ORIGIN}
    return {name: _text(value) for name, value in given.items() if value not in (None, "", [])}


def _packages_by(
    packages: Callable[[str], Mapping[str, str]],
) -> Callable[[RunDetail], Mapping[str, Any]]:
    def found(run: RunDetail) -> Mapping[str, Any]:
        digest = run.definition.get("environment")
        return packages(digest) if isinstance(digest, str) else {}

    return found


def _inputs(run: RunDetail) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in (run.definition.get("inputs") or {}).items():
        if isinstance(item, dict):
            found[f"{name} (path)"] = item.get("path")
            found[f"{name} (digest)"] = item.get("digest")
    return found


def _outputs(run: RunDetail) -> dict[str, Any]:
    return {path: file.digest for path, file in run.outputs.items()}


def _files_in(content: ContentStore) -> Callable[[RunDetail], dict[str, Any]]:
    """The files of the snapshot of a run, by what tells them apart."""

    def files(run: RunDetail) -> dict[str, Any]:
        snapshot = run.definition.get("snapshot")
        try:
            entries = load(content, str(snapshot)).entries if snapshot else {}
        except AmlplanError:
            return {}
        return {path: _entry(entry) for path, entry in entries.items()}

    return files


def _entry(entry: Entry) -> str:
    return entry.digest if isinstance(entry, File) else f"link to {entry.target}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _is_same(first: Any, second: Any) -> bool:
    """Equal, where NaN is equal to itself."""
    return bool(first == second or (first != first and second != second))  # noqa: PLR0124


def changed_rows(sections: Iterable[Section]) -> int:
    """How many things differ."""
    return sum(row.differs for section in sections for row in section.rows)
