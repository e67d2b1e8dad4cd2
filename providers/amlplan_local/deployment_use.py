"""What people do with a deployment: read its logs, replace its keys, go back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError
from amlplan.files import failure_at
from amlplan_deployments.keys import refuse_unknown_key, refuse_without_keys
from amlplan_deployments.revisions import earlier_revision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_deployments.revisions import Revision
    from amlplan_local.deployment_folder import DeploymentFolder, Document
    from amlplan_schemas.state import Record

CHUNK = 64 * 1024


def log_of(folder: DeploymentFolder, number: str) -> Iterator[bytes]:
    """The log of a revision, piece by piece; raises NotFoundError where none is kept."""
    if not number.isdecimal() or int(number) not in folder.revisions():
        kept = ", ".join(str(item) for item in folder.revisions()) or "none"
        raise NotFoundError(
            "No such revision", f"There is no revision {number}; those kept are: {kept}."
        )
    path = folder.log_path(int(number))
    try:
        with path.open("rb") as file:
            while data := file.read(CHUNK):
                yield data
    except FileNotFoundError:
        return
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure


def document_of(folder: DeploymentFolder, record: Record) -> Document:
    """The deployment's document; raises NotFoundError where it is gone."""
    document = folder.read()
    if document is None:
        raise NotFoundError(
            "The deployment is gone",
            f"{folder.path} is no longer there. Run: amlplan apply",
            address=record.address,
        )
    return document


def keys_of(folder: DeploymentFolder, record: Record) -> dict[str, str]:
    """The keys; raises NotFoundError where it asks for none, or they are gone."""
    refuse_without_keys(record)
    keys = folder.keys()
    if not keys:
        raise NotFoundError(
            "The keys are gone",
            f"{folder.keys_path} is no longer there. New ones are written by: amlplan apply",
            address=record.address,
        )
    return keys


def rotated(folder: DeploymentFolder, record: Record, key: str) -> None:
    """Put a new key in the file of keys; raises ProviderError for a name that is none."""
    refuse_without_keys(record)
    refuse_unknown_key(key)
    folder.rotate(key)


def revision_before(folder: DeploymentFolder, document: Document, revision: str | None) -> Revision:
    """The revision to go back to; raises NotFoundError where none is kept that served."""
    return earlier_revision(
        folder.revisions(), document.active, document.last, revision, folder.revision
    )
