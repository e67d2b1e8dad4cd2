"""How the front serves a revision: by replicas that come to it, or by servers that it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan_docker.deployments.replica import is_linked
from amlplan_serve.settings import HTTP, REPLICAS, RevisionSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_deployments.revisions import Revision
    from amlplan_docker.deployments.replica import Place
    from amlplan_schemas.base import JsonValue

AZMLINFSRV_ROUTES: Mapping[str, JsonValue] = {
    "port": 5001,
    "scoring": "/score",
    "readiness": "/",
    "liveness": "/",
    "swagger": "/swagger.json",
}
"""Where Azure ML's server answers, unless its image says otherwise."""


def served_spec(revision: Revision, count: int, where: Place) -> RevisionSpec:
    """What the front is told of a revision with so many replicas."""
    spec = revision.spec
    common: dict[str, Any] = {
        "revision": str(revision.number),
        "digest": revision.image_digest,
        "workers": count,
        "scoring_timeout": float(spec["scoring_timeout"]),
        "startup_timeout": float(spec["startup_timeout"]),
        "max_concurrency": int(spec["max_concurrency"]),
    }
    if is_linked(revision):
        return RevisionSpec(**common, kind=REPLICAS)
    routes = routes_of(revision)
    return RevisionSpec(
        **common,
        kind=HTTP,
        upstreams=upstreams_of(revision, count, where),
        routes={name: str(path) for name, path in routes.items() if name != "port" and path},
    )


def upstreams_of(revision: Revision, count: int, where: Place) -> dict[str, str]:
    """The servers of a revision's replicas by their names; none where replicas come themselves."""
    if is_linked(revision):
        return {}
    port = routes_of(revision)["port"]
    names = [where.names.replica(revision.number, place) for place in range(1, count + 1)]
    return {name: f"{name}:{port}" for name in names}


def routes_of(revision: Revision) -> Mapping[str, JsonValue]:
    """Where the server of another make answers."""
    return {**AZMLINFSRV_ROUTES, **(revision.spec["routes"] or {})}
