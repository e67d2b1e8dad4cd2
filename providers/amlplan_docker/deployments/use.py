"""What people do with a deployment on Docker: ask it, read its logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.abilities import Answer
from amlplan.errors import NotFoundError, UnreachableError
from amlplan_deployments.requests import asked
from amlplan_docker.deployments.front import FrontContainer
from amlplan_docker.deployments.names import revision_of
from amlplan_docker.deployments.ports import published_of
from amlplan_docker.deployments.replicas import Replicas
from amlplan_docker.deployments.seen import DeploymentSeen, addresses_of
from amlplan_serve.client import ServeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_docker.deployments.documents import Document
    from amlplan_docker.deployments.ports import Published
    from amlplan_docker.deployments.replica import Place
    from amlplan_docker.engine.client import Engine
    from amlplan_schemas.state import Record

SHORT = 5.0
"""Seconds in which a port of another host must have answered, before its engine is asked."""


def answer_of(
    engine: Engine,
    where: Place,
    body: bytes,
    content_type: str,
    *,
    with_keys: bool,
    timeout: float,
) -> Answer:
    """What a deployment answers: at its port where that is reached from here, else at its engine.

    A port of the engine's own loopback is never looked for on this host.
    """
    front = FrontContainer(engine, where)
    container = front.seen()
    published = None if container is None else published_of(container)
    is_here = engine.address.scheme == "unix"
    files = DeploymentSeen(engine, where).files()
    if published is not None and (is_here or not _is_loopback(published)):
        scheme = "http" if files.certificate is None else "https"
        address = str(addresses_of(scheme, engine.address.host, published)["scoring_uri"])
        keys = files.keys if with_keys else {}
        trusted = None if files.certificate is None else files.certificate.decode("ascii")
        try:
            return asked(address, body, content_type, keys, timeout, trusted)
        except UnreachableError:
            if is_here:
                raise
    return _asked_inside(front, body, content_type, timeout)


def _is_loopback(published: Published) -> bool:
    return published.address.startswith("127.") or published.address == "::1"


def _asked_inside(front: FrontContainer, body: bytes, content_type: str, timeout: float) -> Answer:
    """Ask through the engine: the front's own control, in its container."""
    status = front.status()
    container = front.seen()
    if status is None or status.active is None or container is None:
        raise UnreachableError(
            "The deployment does not answer",
            f"{front.name} does not run, or serves nothing. See: amlplan drift; to start it again: "
            "amlplan apply",
        )
    headers = {"content-type": content_type}
    try:
        code, told, data = front.client(container).score(
            status.active.revision, body, headers, timeout
        )
    except ServeError as failure:
        raise UnreachableError("The deployment does not answer", f"{failure}") from failure
    return Answer(code, dict(told), data)


def log_of(engine: Engine, where: Place, number: str) -> Iterator[bytes]:
    """What the replicas of a revision wrote, one after the other; raises NotFoundError.

    The engine keeps it as long as the containers: of an earlier revision it is gone.
    """
    there = Replicas(engine, where).seen()
    mine = [item for item in there if str(revision_of(item.labels)) == number]
    if not mine:
        kept = sorted({revision_of(item.labels) for item in there})
        raise NotFoundError(
            "No such revision",
            f"No container of revision {number} is there, and a log ends with its container. "
            f"There are containers of: {', '.join(map(str, kept)) or 'none'}.",
        )
    for item in mine:
        if len(mine) > 1:
            yield f"==> {item.name} <==\n".encode()
        yield from engine.logs(item.id)


def document_of(engine: Engine, where: Place, record: Record) -> Document:
    """The deployment's document; raises NotFoundError where it is gone."""
    document = DeploymentSeen(engine, where).files().document
    if document is None:
        raise NotFoundError(
            "The deployment is gone",
            f"{where.names.front} or what it kept is no longer there. Run: amlplan apply",
            address=record.address,
        )
    return document
