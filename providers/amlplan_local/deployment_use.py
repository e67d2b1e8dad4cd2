"""What people do with a deployment: ask it, read its logs, replace keys, go back."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from amlplan.abilities import Answer
from amlplan.errors import NotFoundError, UnreachableError
from amlplan.files import failure_at
from amlplan.pointers import tokens_of
from amlplan_local.deployment_folder import KEY_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan_local.deployment_folder import DeploymentFolder, Document, Revision
    from amlplan_schemas.state import Record

CHUNK = 64 * 1024


def asked(
    address: str, body: bytes, content_type: str, keys: Mapping[str, str], timeout: float
) -> Answer:
    """What a deployment answers to a request; `keys` may be none. Raises UnreachableError."""
    parts = urlsplit(address)
    headers = {"Content-Type": content_type}
    if keys:
        headers["Authorization"] = f"Bearer {next(iter(keys.values()))}"
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("POST", parts.path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    except (OSError, http.client.HTTPException) as failure:
        raise UnreachableError(
            "The deployment does not answer",
            f"{address}: {failure}. See: amlplan drift; to start it again: amlplan apply",
        ) from failure
    finally:
        connection.close()


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
    _refuse_without_keys(record)
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
    _refuse_without_keys(record)
    if key not in KEY_NAMES:
        raise NotFoundError(
            "No such key", f"There is no {key} key; rotate {' or '.join(KEY_NAMES)}."
        )
    folder.rotate(key)


def _refuse_without_keys(record: Record) -> None:
    if record.inputs.values["auth"]["mode"] != "key":
        raise NotFoundError(
            "No keys here",
            f"{record.address} answers everybody, as its auth has the mode none.",
            address=record.address,
        )


def earlier_revision(
    folder: DeploymentFolder, document: Document, revision: str | None
) -> Revision:
    """The revision to go back to: the one before, or that of a number, also the one of now.

    Raises NotFoundError where none is kept that served.
    """
    served = [number for number in folder.revisions() if number <= document.last]
    before = [number for number in served if number < (document.active or 0)]
    number = before[-1] if revision is None and before else None
    if revision is not None and revision.isdecimal() and int(revision) in served:
        number = int(revision)
    found = None if number is None else folder.revision(number)
    if found is None:
        what = "earlier revision" if revision is None else f"revision {revision}"
        names = ", ".join(str(number) for number in served) or "none"
        raise NotFoundError(
            "No such revision",
            f"There is no {what} to go back to. Kept are: {names}; the one of now is "
            f"{document.active}.",
        )
    return found


def secret_variables(revision: Revision, secrets: Mapping[str, str]) -> dict[str, str]:
    """The secret variables of a revision; raises NotFoundError where one is not known any more.

    `secrets` are those of the configuration as it was applied last, by JSON Pointer.
    """
    known = {tokens_of(path)[-1]: value for path, value in secrets.items()}
    wanted = [name for name, value in revision.inputs["env"].items() if value is None]
    gone = [name for name in wanted if name not in known]
    if gone:
        raise NotFoundError(
            "A secret of the revision is not known any more",
            f"Revision {revision.number} was given {', '.join(gone)} as a secret, and what was "
            "applied last has no such secret. Go back by applying the configuration of then.",
        )
    return {name: known[name] for name in wanted}
