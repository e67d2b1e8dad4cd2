"""The port of a deployment on its engine's host: the one asked for, or one that is chosen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_docker.deployments.documents import Document
    from amlplan_docker.engine.failures import RefusedError
    from amlplan_docker.engine.seen import ContainerSeen

PORT = 5001
"""The port that the front listens on, inside its container."""
LOWEST, COUNT, TRIES = 20000, 12000, 40
"""Where ports are chosen from: below those that systems hand out for connections."""
_TAKEN = ("port is already allocated", "address already in use")


@dataclass(frozen=True, slots=True)
class Published:
    """Where a front is asked: the address of the engine's host, and the port there."""

    address: str
    port: int


def published_of(seen: ContainerSeen) -> Published | None:
    """Where a front that runs, or ran, is asked."""
    for address, port in seen.ports.get(PORT, ()):
        if port:
            return Published(address, port)
    return None


def ports_to_try(document: Document, asked: int | None) -> Iterator[int]:
    """The port asked for alone, or that of before and then chosen ones.

    They follow from the identity, so that an interrupted attempt tries the same.
    """
    if asked is not None:
        yield asked
        return
    if document.port is not None:
        yield document.port
    for number in range(TRIES):
        digest = hashlib.sha256(f"{document.identity}\0{number}".encode()).digest()
        yield LOWEST + int.from_bytes(digest[:4], "big") % COUNT


def is_taken(failure: RefusedError) -> bool:
    """Whether a container did not start as somebody else has its port."""
    return any(text in failure.detail for text in _TAKEN)


def port_taken(listen: str, port: int, failure: RefusedError) -> ProviderError:
    """The error for a port that cannot be had."""
    return ProviderError(
        "The port is taken",
        f"Port {port} of {listen} on the engine's host is in use; choose another port, or end what "
        f"has it, then apply again. The engine said: {failure.detail}",
    )
