"""The headers by which a request is found again: taken from it, or made up."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING

from amlplan_serve.answers import message

if TYPE_CHECKING:
    from amlplan_serve.answers import Headers, Response

HEADER_LIMIT = 100
"""Characters of a request's own identifiers."""


class Identifiers:
    """Names requests; those that came without a name get one that no other has."""

    def __init__(self, version: str) -> None:
        self._numbers = itertools.count()
        self._prefix = str(uuid.uuid4())[:24].encode()
        self._version = (b"x-ms-server-version", b"amlplan/" + version.encode())

    def of(self, headers: dict[bytes, bytes]) -> tuple[Headers, Response | None]:
        """The headers that name a request, and a refusal where one is too long."""
        get = headers.get
        request = get(b"x-request-id")
        if request is None:
            request = self._prefix + b"%012x" % (next(self._numbers) & 0xFFFFFFFFFFFF)
        client = get(b"x-ms-client-request-id", b"")
        legacy = get(b"x-ms-request-id", b"")
        if legacy:
            client = client or legacy
        else:
            legacy = client or request
        found: Headers = [self._version]
        if len(request) > HEADER_LIMIT:
            return found, message(431, f"x-request-id must not exceed {HEADER_LIMIT} characters")
        if request:
            found.append((b"x-request-id", request))
        if len(legacy) > HEADER_LIMIT or len(client) > HEADER_LIMIT:
            text = (
                "x-ms-request-id and x-ms-client-request-id must not exceed "
                f"{HEADER_LIMIT} characters"
            )
            return found, message(431, text)
        if legacy:
            found.append((b"x-ms-request-id", legacy))
        if client:
            found.append((b"x-ms-client-request-id", client))
        if b"traceid" in headers:
            found.append((b"TraceId", headers[b"traceid"]))
        return found, None
