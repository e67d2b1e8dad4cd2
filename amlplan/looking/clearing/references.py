"""What keeps runs and content from being cleared away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amlplan.digests import digests_in
from amlplan.files import failure_at
from amlplan.lockfile import LOCK_NAME
from amlplan.runs.place import root_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from amlplan.abilities import ModelVersion
    from amlplan.history import RunOverview, RunSummary
    from amlplan.runs.place import RunPlace


def reasons_to_keep(
    place: RunPlace,
    candidates: Sequence[RunOverview],
    models: Mapping[str, Sequence[ModelVersion]],
    root: Path,
) -> dict[str, str]:
    """Why candidates have to stay, by their ids; those that may go are left out.

    `root` is the folder of the project whose lock is looked at.
    """
    wanted = {run.summary.id for run in candidates}
    found: dict[str, str] = {}
    for run_id, why in (
        *_unfinished(place.history.unfinished(), place, wanted),
        *_of_models(models),
        *_of_lock(root / LOCK_NAME, wanted),
    ):
        if run_id in wanted:
            found.setdefault(run_id, why)
    return found


def _unfinished(
    unfinished: Iterable[RunSummary], place: RunPlace, wanted: set[str]
) -> Iterator[tuple[str, str]]:
    for run in unfinished:
        root = root_of(run.id)
        yield root, f"it is {run.status}" if root == run.id else f"its child {run.id} goes on"
        definition = json.dumps(place.history.run(run.id).definition)
        for run_id in wanted:
            if run_id in definition:
                yield run_id, f"{run.id}, which is {run.status}, was started from it"


def _of_models(models: Mapping[str, Sequence[ModelVersion]]) -> Iterator[tuple[str, str]]:
    for versions in models.values():
        for version in versions:
            for run_id in _runs_in(version.lineage):
                yield root_of(run_id), f"model {version.name}:{version.version} was made from it"


def _runs_in(lineage: Any) -> Iterator[str]:
    """The runs that a lineage names, also the one of the version that a version was copied from."""
    if isinstance(lineage, dict):
        for name, value in lineage.items():
            if name == "run" and isinstance(value, str):
                yield value
            else:
                yield from _runs_in(value)


def _of_lock(path: Path, wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
    for run_id in wanted:
        if run_id in text:
            yield run_id, f"{LOCK_NAME} names it"


def parents_of_kept(every: Iterable[RunOverview], leaving: set[str]) -> dict[str, str]:
    """The runs among those that leave whose members stay, by their ids, with why they stay."""
    found: dict[str, str] = {}
    for run in every:
        parent = run.summary.parent
        if (
            parent in leaving
            and run.summary.id not in leaving
            and root_of(run.summary.id) != parent
        ):
            found[parent] = f"{run.summary.id} belongs to it and stays"
    return found


def digests_of_runs(folder: Path, leaving: set[str]) -> set[str]:
    """Every digest that the events of the runs in a folder name, but for those that leave."""
    found: set[str] = set()
    try:
        runs = sorted(folder.iterdir())
    except FileNotFoundError:
        return found
    for run in runs:
        if run.name not in leaving:
            for path in sorted(run.glob("events/*.jsonl")):
                found |= digests_in(path)
    return found
