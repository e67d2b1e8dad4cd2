"""What a run is told of datastores, so that its script can ask for one by name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from amlplan_schemas.state import State

DATASTORE = "datastore"
DEFAULT = "workspaceblobstore"
"""The name that scripts of Azure ML know the default datastore by."""


def told_datastores(
    state: State | None, workspace: str, *, has_folders: bool = True
) -> dict[str, dict[str, str | None]]:
    """The kind and the folder of each datastore of a workspace, by its name and as the default.

    No folder is told to a script that does not see those of this host.
    """
    told: dict[str, dict[str, str | None]] = {}
    for record in () if state is None else state.records.values():
        values, owner = record.inputs.values, record.targets.get("workspace")
        family, _, kind = record.kind.partition(".")
        if family != DATASTORE or owner is None or owner.address != workspace:
            continue
        uri = urlsplit(str(record.outputs.values.get("uri", "")))
        is_folder = has_folders and uri.scheme == "file"
        place = {"kind": kind, "path": unquote(uri.path) if is_folder else None}
        told[record.name] = place
        if values.get("default"):
            told.setdefault(DEFAULT, place)
    return told
