"""Versions of models in another workspace of this host, to be copied into one's own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX
from amlplan.provider import LockRequest
from amlplan_local.store import ContentStore
from amlplan_local.versions import ModelVersions
from amlplan_local.workspace import STORE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Draft, Referred
    from amlplan_schemas.base import JsonValue

REQUEST_TYPE = "registered version"
WORKSPACE = "registered.workspace"


def registered_request(draft: Draft) -> LockRequest | None:
    """The request of a model with `registered {}`, None where what it needs is unknown."""
    asked, workspace = draft.values.get("registered"), draft.referred.get(WORKSPACE)
    if asked is None or workspace is None or "name" not in workspace.values:
        return None
    request = {
        "workspace": workspace.values["name"],
        "name": asked["name"],
        "version": asked["version"],
        "alias": asked["alias"],
    }
    key = request_key(REQUEST_TYPE, request)
    return LockRequest(key, REQUEST_TYPE, request, required=False, absent=_absent(request))


def request_key(kind: str, request: Mapping[str, JsonValue]) -> str:
    """A digest of a request."""
    text = json.dumps([kind, request], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()


def registered_version(
    request: Mapping[str, JsonValue], draft: Draft
) -> Mapping[str, JsonValue] | None:
    """The version that a request means now, as the lock keeps it; None where there is none."""
    store = _store_of(draft.referred.get(WORKSPACE))
    if store is None:
        return None
    versions = ModelVersions(store / "models" / str(request["name"]))
    found = versions.chosen(request["version"], request["alias"])
    if found is None:
        return None
    came_from = f"{request['workspace']}/{request['name']}:{found.version}"
    return {
        "version": found.version,
        "digest": found.digest,
        "files": found.files,
        "size": found.size,
        "lineage": {"registered": came_from, "before": found.lineage},
    }


def registered_offer(
    locked: Mapping[str, JsonValue] | None, current: Mapping[str, JsonValue]
) -> str | None:
    """What is there beside the locked version."""
    now = current["lineage"]["registered"]
    if locked is None:
        return f"{now} is there and not locked yet"
    if locked["version"] == current["version"]:
        return None
    return f"{now} is meant now, and version {locked['version']} is locked"


def registered_files(
    workspace: Referred | None, files: Mapping[str, str], cache_folder: Path
) -> dict[str, tuple[Path, str]]:
    """Where the bytes of a version lie in its workspace, with their digests."""
    store = _store_of(workspace)
    if store is None:
        return {}
    content = ContentStore(store, cache_folder)
    return {name: (content.path(digest), digest) for name, digest in files.items()}


def _store_of(workspace: Referred | None) -> Path | None:
    path = None if workspace is None else workspace.values.get("path")
    return None if path is None else Path(str(path)) / STORE


def _absent(request: Mapping[str, JsonValue]) -> str:
    which = f"version {request['version']}" if request["version"] else "version"
    if request["alias"]:
        which = f"version called {request['alias']}"
    return f"no {which} of {request['name']} in the workspace {request['workspace']}"
