"""Makes the pool of a revision, as its specification says whence the workers come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_serve.http_pool import HttpPool
from amlplan_serve.replicas import ReplicaPool
from amlplan_serve.settings import HTTP, PROCESSES, REPLICAS
from amlplan_serve.spawned import SpawnedPool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_serve.pool import Pool
    from amlplan_serve.revisions import MakePool
    from amlplan_serve.settings import RevisionSpec


def spawning(spec: RevisionSpec, secrets: Mapping[str, str]) -> Pool:
    """The pool of a server that starts its workers itself; raises ValueError for another kind."""
    if spec.kind != PROCESSES:
        raise ValueError(f"this server has no workers of the kind {spec.kind}")
    return SpawnedPool(spec, secrets)


def connecting(folder: str) -> MakePool:
    """What makes the pools of a front: replicas connect in a folder, or are servers to ask."""

    def make(spec: RevisionSpec, _: Mapping[str, str]) -> Pool:
        if spec.kind == REPLICAS:
            return ReplicaPool(spec, folder)
        if spec.kind == HTTP:
            return HttpPool(spec)
        raise ValueError(f"a front has no workers of the kind {spec.kind}")

    return make
