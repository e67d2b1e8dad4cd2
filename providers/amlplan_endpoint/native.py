"""Our own routes, for front ends other than MLflow's: models, runs, files, the workspace."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan_endpoint.answers import FAILED, INVALID, MISSING, Refusal
from amlplan_endpoint.native_runs import run_document, run_list
from amlplan_endpoint.places import KeptFiles, checked, kept_files, missing

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json, Request
    from amlplan_endpoint.service import Service
    from amlplan_local.versions import Version


def register_model(service: Service, request: Request) -> Json:
    """Register a file or folder that the run made."""
    from amlplan_endpoint.registering import register

    name, path = request.text("name"), request.text("path")
    run = service.recording.run(request.text("run", service.run_id)).id
    properties, tags = _texts(request, "properties"), _texts(request, "tags")
    framework = request.text("framework", "") or None
    source = service.work / path
    version = register(service, name, run, source, properties, framework)
    description = request.text("description", "")
    facts = {"tags": tags} | ({"description": description} if description else {})
    service.models.change_facts(name, facts, version.version)
    return _version(service, name, version)


def list_models(service: Service, request: Request) -> Json:
    """The versions of a model, or of all, the newest last."""
    asked = request.text("name", "")
    names = [asked] if asked else service.models.names()
    return {
        "models": [
            _version(service, name, version)
            for name in names
            for version in service.models.versions(name)
        ]
    }


def fetch_model(service: Service, request: Request) -> Json:
    """Put the files of a version below a folder."""
    name, number = request.text("name"), request.text("version", "")
    alias = request.text("alias", "")
    if alias:
        number = str(service.models.aliases(name).get(alias, ""))
    versions = service.models.versions(name)
    if not number and not alias and versions:
        number = str(versions[-1].version)
    if not number:
        what = f"alias {alias!r} of model {name!r}" if alias else f"model {name!r}"
        raise Refusal(MISSING, f"There is no {what} in this workspace.")
    version = service.models.version(name, number)
    target = _target(service, request)
    _put(kept_files(service, version.files), "", target)
    only = next(iter(version.files)) if len(version.files) == 1 else ""
    path = str(target / only) if only and "/" not in only else str(target)
    return {"path": path, "name": name, "version": version.version}


def get_run(service: Service, request: Request) -> Json:
    """A run with all that it recorded."""
    return run_document(service, request.words["run"])


def list_runs(service: Service, request: Request) -> Json:
    """The runs of a history, the newest first."""
    return run_list(service, request.text("history", service.history_name))


def fetch_file(service: Service, request: Request) -> Json:
    """Put an output of a run at a place: a file, or all that is below a folder."""
    path, run = checked(request.text("path")), request.words["run"]
    target = _target(service, request)
    if service.recording.find(run) is not None:
        source = service.work / path
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.is_file():
            _copy(source, target)
        else:
            raise missing(path)
        return {"path": str(target)}
    from amlplan_endpoint.past_runs import past_detail

    outputs = past_detail(service, run).outputs
    kept = kept_files(service, {name: output.digest for name, output in outputs.items()})
    if path in kept.files:
        _copy(kept.files[path], target)
    elif any(name.startswith(f"{path}/") for name in kept.files):
        _put(kept, f"{path}/", target)
    else:
        raise missing(path)
    return {"path": str(target)}


def get_workspace(service: Service, _request: Request) -> Json:
    """The workspace: its name and its histories."""
    from amlplan_endpoint.workspace import workspace_name

    return {"name": workspace_name(service), "histories": sorted(service.history.histories())}


def get_datastore(service: Service, request: Request) -> Json:
    """A datastore, where it is known to this run."""
    from amlplan_endpoint.workspace import datastore

    return datastore(service, request.words["name"])


def _version(service: Service, name: str, version: Version) -> Json:
    facts = service.models.facts(name, version.version)
    aliases = service.models.aliases(name)
    return {
        "name": name,
        "version": version.version,
        "id": f"{name}:{version.version}",
        "digest": version.digest,
        "created": version.at,
        "framework": version.framework,
        "description": facts.get("description") or None,
        "tags": facts.get("tags") or {},
        "properties": version.properties,
        "run": version.lineage.get("run"),
        "aliases": sorted(alias for alias, meant in aliases.items() if meant == version.version),
    }


def _texts(request: Request, name: str) -> dict[str, str]:
    found = request.body.get(name) or {}
    if not isinstance(found, dict):
        raise Refusal(INVALID, f"{name} has to be an object.")
    return {str(key): str(value) for key, value in found.items()}


def _target(service: Service, request: Request) -> Path:
    return service.work / Path(request.text("target"))


def _put(kept: KeptFiles, head: str, target: Path) -> None:
    for name, path in kept.files.items():
        if name.startswith(head):
            _copy(path, target / name.removeprefix(head))


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    except OSError as failure:
        raise Refusal(FAILED, f"{target} cannot be written: {failure.strerror}.") from failure


ROUTES = (
    ("POST", "/amlplan/models", register_model),
    ("GET", "/amlplan/models", list_models),
    ("POST", "/amlplan/models/fetch", fetch_model),
    ("GET", "/amlplan/runs", list_runs),
    ("GET", "/amlplan/runs/{run}", get_run),
    ("POST", "/amlplan/runs/{run}/files/fetch", fetch_file),
    ("GET", "/amlplan/workspace", get_workspace),
    ("GET", "/amlplan/datastores/{name}", get_datastore),
)
