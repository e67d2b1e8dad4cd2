"""Launches a run: snapshot, record, working folder, submission, in this order."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
from dataclasses import asdict
from typing import TYPE_CHECKING

from amlplan.abilities import Job
from amlplan.commit import commit_of
from amlplan.errors import AmlplanError, CanceledError, RunError
from amlplan.files import failure_at
from amlplan.history import RunDraft
from amlplan.processes import mark_of
from amlplan.runs.inherited import inherited_secrets
from amlplan.runs.inputs import fingerprinted, link
from amlplan.runs.own_folders import OWN_FOLDERS, rules_of
from amlplan.runs.recorder import recorder_folder
from amlplan.snapshots.snapshot import materialise, scan, store
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from amlplan.history import RunSummary
    from amlplan.runs.inputs import Input
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunRequest
    from amlplan.snapshots.manifest import Snapshot

WORK = "work"


def launch(
    request: RunRequest, place: RunPlace, root: Path, check: Callable[[], None] = lambda: None
) -> RunSummary:
    """Start a run; returns when its supervisor has taken over.

    Blocks while files are read and copied; `check` is called meanwhile and may raise, as for an
    interrupt. The run is in history before it is submitted; where that fails it is recorded as
    failed, or as canceled. Raises AmlplanError.
    """
    inputs = fingerprinted(request.inputs, root, place.cache_folder, check)
    snapshot = scan(
        request.source,
        max_size=request.snapshot_size,
        max_files=request.snapshot_files,
        cache_folder=place.cache_folder,
        runs_own=frozenset(OWN_FOLDERS),
        check=check,
    )
    _check_script(request, snapshot)
    store(snapshot, request.source, place.content, check)
    check()
    run = place.history.create(_draft(request, place, snapshot, inputs, root))
    folder = place.folder_of(run.id)
    try:
        _fill(folder / WORK, snapshot, inputs, request, place)
        check()
        place.jobs.submit(_job(run.id, folder, inputs, request, place))
    except AmlplanError as failure:
        shutil.rmtree(folder / WORK, ignore_errors=True)
        status = "Canceled" if isinstance(failure, CanceledError) else "Failed"
        event = {"type": "status", "status": status, "reason": str(failure)}
        place.history.append_control(run.id, event)
        raise
    return run


def _draft(
    request: RunRequest,
    place: RunPlace,
    snapshot: Snapshot,
    inputs: tuple[Input, ...],
    root: Path,
) -> RunDraft:
    mark = mark_of(os.getpid())
    definition = {
        "program": list(request.program),
        "parameters": dict(request.parameters),
        "snapshot": snapshot.id,
        "commit": commit_of(root),
        "inputs": {
            item.name: {"path": str(item.path), "digest": item.digest, "size": item.size}
            for item in inputs
        },
        "submitter": None if mark is None else asdict(mark),
        **request.definition,
    }
    return RunDraft(
        history=request.history,
        name=request.name,
        workspace=place.name,
        definition=definition,
        by=_user(),
        host=socket.gethostname(),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return str(os.getuid())


def _fill(
    work: Path,
    snapshot: Snapshot,
    inputs: tuple[Input, ...],
    request: RunRequest,
    place: RunPlace,
) -> None:
    materialise(snapshot, place.content, work)
    try:
        for name in OWN_FOLDERS:
            (work / name).mkdir()
    except OSError as failure:
        raise failure_at(work, "made", failure) from failure
    link(inputs, request.source, work)


def _job(
    run_id: str, folder: Path, inputs: tuple[Input, ...], request: RunRequest, place: RunPlace
) -> Job:
    recorder = str(recorder_folder(place.data_folder))
    given = request.variables.get("PYTHONPATH")
    return Job(
        run_id=run_id,
        folder=folder,
        store=place.content.folder,
        command=request.program,
        variables={
            **request.variables,
            **{item.variable: str(item.path) for item in inputs},
            "PYTHONPATH": f"{recorder}:{given}" if given else recorder,
            "AMLPLAN_RUN_ID": run_id,
            "AMLPLAN_RUN_EVENTS": str(folder / "events"),
        },
        secrets=request.secrets,
        masked=inherited_secrets(place.folder),
        include=request.include,
        max_size=request.collected_size,
        max_duration=request.max_duration,
    )


def _check_script(request: RunRequest, snapshot: Snapshot) -> None:
    """Raise RunError where the script is not in the snapshot, saying why."""
    script = request.script
    if script is None or script in snapshot.entries:
        return
    excluded = rules_of(request.source).explain(script)
    if excluded is not None and (request.source / script).exists():
        change = "Change that rule, or write an .amlignore, which is used instead."
        raise RunError(
            "The script is left out of the snapshot",
            f"The run would not have {script}: {excluded.reason}. "
            f"{'Put it elsewhere.' if excluded.is_fixed else change}",
        )
    raise RunError(
        "The script is missing",
        f"There is no {script} in {request.source}. Correct script or source; script is relative "
        f"to source.{suggestion(script, list(snapshot.files))}",
    )
