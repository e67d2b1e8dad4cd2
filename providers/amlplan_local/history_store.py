"""What a workspace's folder has of a history that is elsewhere: a note, and a link to content."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan.files import failure_at, make_folder, sync_folder
from amlplan.history_location import NAME, HistoryLocation, write_location

if TYPE_CHECKING:
    from amlplan.provider import Desired, ProviderContext
    from amlplan_schemas.workspace import Workspace

DSN = "/history/dsn"
LOGS = "logs"


def lay_out(folder: Path, store: Path, desired: Desired, context: ProviderContext) -> None:
    """Make what a workspace's folder needs to find history and content; may be repeated.

    `store` is where in the folder content is looked for. Raises ProviderError.
    """
    inputs: Workspace = desired.inputs
    if inputs.history.artifact_store is None:
        make_folder(store)
        (folder / NAME).unlink(missing_ok=True)
        return
    shared = Path(os.path.normpath(context.root / inputs.history.artifact_store)) / desired.name
    make_folder(shared / store.name)
    make_folder(shared / LOGS)
    _link(store, shared / store.name)
    location = HistoryLocation(
        store=inputs.history.store,
        workspace=desired.name,
        dsn=desired.references[DSN],
        root=os.fspath(context.root.resolve()),
        logs=os.fspath(shared.resolve() / LOGS),
    )
    write_location(folder, location)


def _link(place: Path, target: Path) -> None:
    """Let content lie elsewhere; what is there already in the folder is not given up."""
    try:
        if place.is_symlink():
            if place.readlink() == target.resolve():
                return
            place.unlink()
        elif place.is_dir():
            if any(place.iterdir()):
                raise ProviderError(
                    "The workspace has content of its own",
                    f"{place} holds content, and artifact_store says {target}. Copy it there, "
                    f"remove {place}, then apply again.",
                )
            place.rmdir()
        place.symlink_to(target.resolve())
        sync_folder(place.parent)
    except OSError as failure:
        raise failure_at(place, "made", failure) from failure
