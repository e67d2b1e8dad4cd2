"""Artifacts: listed, sent and fetched through the service, kept in the outputs of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_endpoint.answers import FAILED, INVALID, NOT_SUPPORTED, Refusal
from amlplan_endpoint.parts import new_part
from amlplan_endpoint.places import OwnFolder, checked, place_of, run_place, split

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan_endpoint.answers import Json, Request
    from amlplan_endpoint.service import Service


def list_of_run(service: Service, request: Request) -> Json:
    """What is in a folder of the artifacts of a run, by whole paths."""
    name = request.text("run_id|run_uuid")
    path = checked(request.text("path", ""))
    head = f"{path}/" if path else ""
    found = run_place(service, name).listed(path)
    return {
        "root_uri": f"mlflow-artifacts:/runs/{name}",
        "files": [{**item, "path": head + item["path"]} for item in found],
    }


def list_of_place(service: Service, request: Request) -> Json:
    """What is in a folder, by names."""
    head, rest = split(request.text("path"))
    return {"files": place_of(service, head).listed(rest)}


def fetch(service: Service, request: Request) -> Path:
    """A file."""
    head, rest = split(request.words["path"])
    return place_of(service, head).file(rest)


def send(service: Service, request: Request) -> Json:
    """Keep a file; it is there whole or not at all."""
    head, rest = split(request.words["path"])
    place = place_of(service, head)
    if not rest or not isinstance(place, OwnFolder):
        raise Refusal(INVALID, f"{request.words['path']!r} cannot be written by this run.")
    target = place.path(rest)
    try:
        part = new_part(service.folder)
        try:
            request.save(part)
            target.parent.mkdir(parents=True, exist_ok=True)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as failure:
        if not failure.errno:
            raise  # the client broke off
        raise Refusal(FAILED, f"{rest} cannot be kept: {failure.strerror}.") from failure
    kept = target.relative_to(service.work).as_posix()
    service.recording.record(place.run, "artifact", path=kept)
    return {}


def remove(_service: Service, request: Request) -> Json:
    """Refuse: what a run gave is not taken back."""
    message = f"{request.words['path']!r} stays: amlplan keeps what a run logged."
    raise Refusal(NOT_SUPPORTED, message)


ROUTES = (
    ("GET", "/mlflow/artifacts/list", list_of_run),
    ("GET", "/mlflow-artifacts/artifacts", list_of_place),
    ("GET", "/mlflow-artifacts/artifacts/{path...}", fetch),
    ("PUT", "/mlflow-artifacts/artifacts/{path...}", send, "files"),
    ("DELETE", "/mlflow-artifacts/artifacts/{path...}", remove),
)
