"""The container of a run, where its target has containers or its block asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.containers import ContainerAsked, RunsInContainers
from amlplan.errors import RunError
from amlplan.job_container import Limits
from amlplan.planning.locking import revealed
from amlplan.planning.observe import targets_of
from amlplan.provider import has
from amlplan_schemas.base import bytes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.job_container import JobContainer
    from amlplan.project.opening import OpenProject
    from amlplan.project.progress_handle import ProgressHandle
    from amlplan.registry import Registry
    from amlplan.runs.resolve import ResolvedConfig
    from amlplan_schemas.run_config import RunConfig
    from amlplan_schemas.state import Record

CONTAINERS = "compute.docker"
"""The kind whose provider runs containers on the engine of this host."""


def containers_for(
    config: RunConfig, target: Record | None, registry: Registry
) -> RunsInContainers | None:
    """Who runs the container of a run; None where it runs in none.

    A target that has nothing but containers needs no asking. Raises RunError.
    """
    if target is not None:
        provider = registry.provider(target.kind)
        if has(provider, RunsInContainers):
            return provider
    if not config.container:
        return None
    provider = registry.provider(CONTAINERS)
    if not has(provider, RunsInContainers):
        raise RunError(
            "The target cannot run it",
            f"{config.name} asks for a container, and the installed provider of {CONTAINERS} runs "
            "none. Leave container out.",
        )
    return provider


def check_room(
    containers: RunsInContainers,
    engine: Record | None,
    config: RunConfig,
    needed: Mapping[str, int],
) -> None:
    """Raise RunError where the engine's machine lacks what the run needs."""
    lacking = containers.lacking_in(engine, needed)
    if lacking:
        where = "the engine of this host" if engine is None else engine.address
        raise RunError(
            "The target has too little",
            f"{where} cannot run {config.name}: {'; '.join(lacking)}. Ask for less in resources, "
            "or run it elsewhere.",
        )


def engine_record(target: Record | None, registry: Registry) -> Record | None:
    """The record of the engine; None for that of this host, on which a local target lies."""
    if target is None or not has(registry.provider(target.kind), RunsInContainers):
        return None
    return target


def container_of(
    containers: RunsInContainers,
    engine: Record | None,
    resolved: ResolvedConfig,
    config: RunConfig,
    project: OpenProject,
    handle: ProgressHandle,
) -> JobContainer:
    """The container of a run, its image made where the engine has none; raises AmlplanError."""
    if config.environment is None:
        raise RunError(
            "A container needs an environment",
            f"{config.name} runs in a container, whose image is made of an environment. Give it "
            "one, as in: environment = environment.sk",
        )
    address = config.environment.address
    record, wanted = resolved.records[address], resolved.wanted[address]
    if wanted.derived.get("digest", record.derived.get("digest")) != record.derived.get("digest"):
        raise RunError(
            "The environment was changed",
            f"{address} is not what was applied, and images are made of what amlplan.lock says "
            "now. Run: amlplan apply",
            address=address,
        )
    resources = config.resources
    asked = ContainerAsked(
        target=engine,
        environment=record,
        targets=targets_of(record, resolved.records),
        values=revealed(wanted, project.secrets).values,
        lock=wanted.draft.lock,
        locked={key: entry.resolved for key, entry in project.lock.entries.items()},
        limits=Limits(
            cpus=resources.cpus,
            memory=None if resources.memory is None else bytes_of(resources.memory),
            shm_size=None if resources.shm_size is None else bytes_of(resources.shm_size),
            gpus=resources.gpus or 0,
        ),
    )
    return containers.container_for(asked, handle)


def told_container(container: JobContainer) -> dict[str, str]:
    """What history keeps of a container for people: which image it was, and on which engine."""
    return {
        "engine": container.engine,
        "image": container.image,
        "base_image": container.base,
    }
