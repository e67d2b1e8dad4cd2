"""Launches a run: snapshot, record, working folder, submission, in this order."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.abilities import Job
from amlplan.commit import commit_of
from amlplan.errors import AmlplanError, CanceledError, RunError
from amlplan.files import failure_at
from amlplan.history import RunDraft
from amlplan.job_container import CONTAINER_FOLDER
from amlplan.processes import mark_of
from amlplan.runs.inherited import inherited_secrets
from amlplan.runs.inputs import fingerprinted, link, within
from amlplan.runs.notebooks import NOTEBOOK, make_script, script_text
from amlplan.runs.own_folders import OWN_FOLDERS, rules_of
from amlplan.runs.programs import programs_of
from amlplan.runs.recorded_request import recorded
from amlplan.runs.recorder import recorder_folder
from amlplan.runs.references import expanded, reference_variables
from amlplan.runs.uploads import OUTPUTS, upload_variables
from amlplan.snapshots.snapshot import materialise, scan, store
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from amlplan.abilities import Webhook
    from amlplan.history import RunSummary
    from amlplan.runs.inputs import Input
    from amlplan.runs.place import RunPlace
    from amlplan.runs.request import RunRequest
    from amlplan.runs.resume import Resumption
    from amlplan.snapshots.manifest import Snapshot

WORK = "work"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run is started from: everything is in the workspace's store already."""

    snapshot: Snapshot
    inputs: tuple[Input, ...]
    commit: str | None
    resumption: Resumption | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """What a run belongs to or comes from: its grid, and fields that its definition gets.

    `edges` are nodes of the lineage that it came from, each with the relation.
    """

    parent: str | None = None
    definition: Mapping[str, Any] = field(default_factory=dict)
    edges: tuple[tuple[str, str], ...] = ()


def launch(
    request: RunRequest, place: RunPlace, root: Path, check: Callable[[], None] = lambda: None
) -> RunSummary:
    """Start a run; returns when its supervisor has taken over.

    Blocks while files are read and copied; `check` is called meanwhile and may raise, as for an
    interrupt. The run is in history before it is submitted; where that fails it is recorded as
    failed, or as canceled. Raises AmlplanError.
    """
    return start(request, prepare(request, place, root, check), place, check)


def prepare(
    request: RunRequest, place: RunPlace, root: Path, check: Callable[[], None] = lambda: None
) -> Prepared:
    """Fingerprint the inputs and store the snapshot of a run, or of many; as `launch`."""
    inputs = fingerprinted(request.inputs, root, place.cache_folder, check, request.input_modes)
    snapshot = scan(
        request.source,
        max_size=request.snapshot_size,
        max_files=request.snapshot_files,
        cache_folder=place.cache_folder,
        runs_own=frozenset(OWN_FOLDERS),
        check=check,
    )
    _check_script(request, snapshot)
    if request.script is not None and request.script.endswith(NOTEBOOK):
        script_text(request.source / request.script)  # refused before anything is recorded
    store(snapshot, request.source, place.content, check)
    check()
    return Prepared(snapshot, inputs, commit_of(root))


def start(
    request: RunRequest,
    prepared: Prepared,
    place: RunPlace,
    check: Callable[[], None] = lambda: None,
    origin: Origin | None = None,
) -> RunSummary:
    """Record and submit a run of what was prepared; as `launch`."""
    origin = origin or Origin()
    run = place.history.create(draft_of(request, prepared, place, origin))
    folder = place.folder_of(run.id)
    try:
        for source, relation in origin.edges:
            place.history.add_edge(source, relation, f"run:{run.id}")
        _fill(folder / WORK, prepared, request, place)
        check()
        job = _job(run.id, folder, prepared, request, place)
        place.jobs.submit(replace(job, webhook=_webhook(run, request, place)))
    except AmlplanError as failure:
        shutil.rmtree(folder / WORK, ignore_errors=True)
        status = "Canceled" if isinstance(failure, CanceledError) else "Failed"
        event = {"type": "status", "status": status, "reason": str(failure)}
        place.history.append_control(run.id, event)
        raise
    return run


def draft_of(request: RunRequest, prepared: Prepared, place: RunPlace, origin: Origin) -> RunDraft:
    """What history is told of a run before it is started."""
    mark = mark_of(os.getpid())
    definition = {
        "program": list(request.program),
        "parameters": dict(request.parameters),
        "snapshot": prepared.snapshot.id,
        "commit": prepared.commit,
        "inputs": {
            item.name: {"path": str(item.path), "digest": item.digest, "size": item.size}
            for item in prepared.inputs
        },
        "submitter": None if mark is None else asdict(mark),
        "request": recorded(request),
        **_resumed(prepared),
        **request.definition,
        **origin.definition,
    }
    return RunDraft(
        history=request.history,
        name=request.name,
        workspace=place.name,
        definition=definition,
        parent=origin.parent,
        by=_user(),
        host=socket.gethostname(),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return str(os.getuid())


def _resumed(prepared: Prepared) -> dict[str, str]:
    resumption = prepared.resumption
    return {} if resumption is None else {"resumed_from": resumption.run_id}


def _fill(work: Path, prepared: Prepared, request: RunRequest, place: RunPlace) -> None:
    materialise(prepared.snapshot, place.content, work)
    try:
        for name in OWN_FOLDERS:
            (work / name).mkdir()
    except OSError as failure:
        raise failure_at(work, "made", failure) from failure
    if prepared.resumption is not None:
        prepared.resumption.put_into(work, place)
    link(_inputs(prepared, request), request.source, work)
    try:
        for name in request.uploads:
            (work / OUTPUTS / name).mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise failure_at(work / OUTPUTS, "made", failure) from failure
    if request.script is not None and request.script.endswith(NOTEBOOK):
        make_script(work / request.script)


def _inputs(prepared: Prepared, request: RunRequest) -> tuple[Input, ...]:
    if request.container is None:
        return prepared.inputs
    return within(prepared.inputs, request.source)


def _job(
    run_id: str, folder: Path, prepared: Prepared, request: RunRequest, place: RunPlace
) -> Job:
    here = request.container is None
    seen = folder if here else Path(CONTAINER_FOLDER)
    kept = recorder_folder(place.data_folder)
    recorder = str(kept if here else seen / "recorder")
    given = request.variables.get("PYTHONPATH")
    inputs = _inputs(prepared, request)
    source = None if here else request.source
    references = reference_variables(inputs, seen / WORK, source)
    resumption = prepared.resumption
    return Job(
        run_id=run_id,
        folder=folder,
        store=place.content.folder,
        command=expanded(request.program, references),
        variables={
            **request.variables,
            **{item.variable: str(item.place_in(seen / WORK, source)) for item in inputs},
            **upload_variables(request.uploads, seen / WORK),
            **references,
            **({} if resumption is None else resumption.variables(seen / WORK)),
            "PYTHONPATH": f"{recorder}:{given}" if given else recorder,
            "AMLPLAN_RUN_ID": run_id,
            "AMLPLAN_RUN_EVENTS": str(seen / "events"),
        },
        secrets=request.secrets,
        masked=inherited_secrets(place.folder),
        include=request.include,
        exclude=request.exclude,
        max_size=request.collected_size,
        by_reference=request.by_reference,
        uploads={f"{OUTPUTS}/{name}": path for name, path in request.uploads.items()},
        max_duration=request.max_duration,
        retries=request.retries,
        share=request.share,
        programs=programs_of(request.interpreter) if here else None,
        container=request.container,
        recorder=kept,
    )


def _webhook(run: RunSummary, request: RunRequest, place: RunPlace) -> Webhook | None:
    """Where the end of a run is told, with what is known of the run now."""
    if request.webhook is None:
        return None
    body = {
        "run": run.id,
        "number": run.number,
        "history": run.history,
        "name": run.name,
        "workspace": place.name,
        "parent": run.parent,
        "by": run.by,
        "host": run.host,
    }
    return replace(request.webhook, body=body)


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
