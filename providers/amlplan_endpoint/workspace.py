"""The workspace of the run: what it is called, and the datastores that the run was told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_endpoint.answers import MISSING, Refusal
from amlplan_local.document import read_document

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json
    from amlplan_endpoint.service import Service


def workspace_name(service: Service) -> str:
    """The name in the workspace's document, or that of its folder."""
    document = read_document(service.workspace)
    return service.workspace.name if document is None else document.name


def datastore(service: Service, name: str) -> Json:
    """A datastore that the run's definition names; raises Refusal."""
    told: Json = {}
    for event in service.recording.events("run"):
        if event.get("id") == service.run_id:
            told = (event.get("definition") or {}).get("datastores") or {}
    found = told.get(name)
    if not isinstance(found, dict):
        known = ", ".join(sorted(told)) or "none"
        message = f"The run was not told of a datastore {name!r}; it knows: {known}."
        raise Refusal(MISSING, message)
    return {"name": name, "kind": found.get("kind"), "path": found.get("path")}
