"""What people do with a deployment: ask it, and read what its workers wrote."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from amlplan.abilities import Answer
from amlplan.errors import NotFoundError, UnreachableError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan_local.deployment_folder import DeploymentFolder

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
