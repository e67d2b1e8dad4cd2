"""Snapshots as people name them: by an id, the beginning of one, or a run that was made of one."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.digests import PREFIX
from amlplan.errors import HistoryError, RunError
from amlplan.runs.place import root_of
from amlplan.snapshots.catalogue import ids_beginning, kept_in, missing, short
from amlplan.wording import few

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.history import RunSummary
    from amlplan.runs.place import RunPlace

_OF_A_RUN = re.compile(r"latest|\d{1,9}")
"""What names a run even where the id of a snapshot begins like it."""


@dataclass(frozen=True, slots=True)
class NamedSnapshot:
    """The id of a snapshot; `run` and its `source` are there where a run named it."""

    id: str
    run: RunSummary | None = None
    source: str = "."


def named_snapshot(reference: str, place: RunPlace, history: str | None = None) -> NamedSnapshot:
    """The snapshot that a reference names in a workspace.

    Raises AmlplanError for what names nothing, RunError for a name of several and for a run that
    was made of none.
    """
    failure: HistoryError | None = None
    if _OF_A_RUN.fullmatch(reference) or history is not None:
        try:
            return _of_run(reference, place, history)
        except HistoryError as raised:
            failure = raised
    ids = ids_beginning(place.content, reference)
    if len(ids) > 1:
        raise RunError(
            "More than one snapshot",
            f"The ids of {len(ids)} snapshots begin with {reference}: {few([*map(short, ids)])}. "
            "Give more of it.",
        )
    if ids:
        return NamedSnapshot(ids[0])
    if failure is not None:
        raise failure
    if not reference.startswith(PREFIX):
        try:
            return _of_run(reference, place, history)
        except HistoryError:
            pass
    raise missing(reference, kept_in(place.content), place.content.folder)


def _of_run(reference: str, place: RunPlace, history: str | None) -> NamedSnapshot:
    detail = place.history.run(reference, history=history)
    if root_of(detail.summary.id) != detail.summary.id:
        detail = place.history.run(root_of(detail.summary.id))
    found = detail.definition.get("snapshot")
    if not isinstance(found, str):
        raise RunError(
            "A run without a snapshot",
            f"{detail.summary.id} was made of no snapshot. Name another run, or a snapshot by its "
            "id; see them with: amlplan snapshot list",
        )
    return NamedSnapshot(found, detail.summary, _source_of(detail.definition))


def _source_of(definition: Mapping[str, Any]) -> str:
    configuration = definition.get("configuration")
    source = configuration.get("source") if isinstance(configuration, dict) else None
    return source if isinstance(source, str) else "."


def runs_by_snapshot(
    place: RunPlace, limit: int, history: str | None = None
) -> dict[str, list[RunSummary]]:
    """The newest runs of a workspace by the snapshot that they were made of."""
    found: defaultdict[str, list[RunSummary]] = defaultdict(list)
    for run in place.history.runs(history, limit=limit):
        snapshot = place.history.run(run.id).definition.get("snapshot")
        if isinstance(snapshot, str):
            found[snapshot].append(run)
    return dict(found)
