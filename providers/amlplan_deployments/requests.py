"""Requests to a deployment: as anybody asks it, and the one that a new revision must answer."""

from __future__ import annotations

import http.client
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from amlplan.abilities import Answer
from amlplan.errors import NotFoundError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.deployment import DeploymentSmoke


@dataclass(frozen=True, slots=True)
class Smoke:
    """A request that a revision must answer before it serves."""

    body: bytes
    expect_status: int


def smoke_of(asked: DeploymentSmoke, root: Path) -> Smoke:
    """The smoke request out of its file; raises ProviderError where it is not there."""
    path = Path(os.path.normpath(root / asked.request))
    try:
        return Smoke(path.read_bytes(), asked.expect_status)
    except OSError as failure:
        raise NotFoundError(
            "The smoke request is missing",
            f"{path} could not be read: {failure.strerror}. Put the request's body there.",
        ) from failure


def asked(
    address: str,
    body: bytes,
    content_type: str,
    keys: Mapping[str, str],
    timeout: float,
    trusted: str | None = None,
) -> Answer:
    """What a deployment answers to a request; `keys` may be none. Raises UnreachableError.

    `trusted` has the certificates, as PEM, that a server behind TLS is known by, whatever its
    name; it matters for https only.
    """
    parts = urlsplit(address)
    headers = {"Content-Type": content_type}
    if keys:
        headers["Authorization"] = f"Bearer {next(iter(keys.values()))}"
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, timeout, trusted)
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


def _connection(
    scheme: str, host: str, port: int | None, timeout: float, trusted: str | None
) -> http.client.HTTPConnection:
    if scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=timeout)
    context = ssl.create_default_context(cadata=trusted)
    context.check_hostname = trusted is None
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
