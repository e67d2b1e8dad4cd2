"""Prepares a run to be repeated: from what is stored, never from the folder as it is now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import RunError
from amlplan.runs.inputs import fingerprinted
from amlplan.runs.launch import Origin, Prepared
from amlplan.runs.place import root_of
from amlplan.runs.resume import resumption_of
from amlplan.snapshots.snapshot import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.history import RunDetail
    from amlplan.runs.inputs import Input
    from amlplan.runs.place import RunPlace

RERUN_OF = "rerun_of"


def check_repeatable(run: RunDetail) -> None:
    """Raise RunError for a child, which its script began and nobody else can."""
    root = root_of(run.summary.id)
    if root != run.summary.id:
        raise RunError(
            "A child of a run",
            f"{run.summary.id} was begun by the script of {root}. Repeat that one.",
        )


def prepare_again(
    run: RunDetail,
    place: RunPlace,
    check: Callable[[], None] = lambda: None,
    *,
    takes_changes: bool = False,
) -> Prepared:
    """What a run was started from, as the workspace's store has it.

    Inputs are fingerprinted again. Raises RunError for one that is not what it was, unless
    `takes_changes`, and AmlplanError for what is missing.
    """
    told = run.definition.get("inputs") or {}
    paths = {name: str(item["path"]) for name, item in told.items()}
    modes = (run.definition.get("request") or {}).get("input_modes")
    inputs = fingerprinted(paths, Path("/"), place.cache_folder, check, modes)
    changed = [item for item in inputs if item.digest != told[item.name]["digest"]]
    if changed and not takes_changes:
        raise _changed(run, changed)
    resumed = run.definition.get("resumed_from")
    return Prepared(
        snapshot=load(place.content, run.definition["snapshot"]),
        inputs=inputs,
        commit=run.definition.get("commit"),
        resumption=None if resumed is None else resumption_of(place.history.run(resumed)),
    )


def origin_of(run: RunDetail) -> Origin:
    """What a run that repeats another says of where it comes from."""
    return Origin(
        definition={RERUN_OF: run.summary.id}, edges=((f"run:{run.summary.id}", "rerun"),)
    )


def _changed(run: RunDetail, changed: list[Input]) -> RunError:
    names = ", ".join(f'"{item.name}" ({item.path})' for item in changed)
    return RunError(
        "An input changed",
        f"Of {run.summary.id}, the input {names} is no longer what it was, so the run would be "
        "another one. Restore the data, or repeat it with what is there now: -changed-inputs",
    )
