"""Abilities of targets that run scripts in containers, and what they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from amlplan.job_container import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.abilities import Job
    from amlplan.job_container import JobContainer
    from amlplan.provider import OperationHandle, Targets
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


@dataclass(frozen=True, slots=True)
class ContainerAsked:
    """What a run asks of a target that has containers.

    `target` is None for the engine of this host. `values` are the inputs of the environment with
    secrets in the clear, for package indexes that need a login; `lock` has its entries of
    `amlplan.lock` by key, and `locked` has all.
    """

    target: Record | None
    environment: Record
    targets: Targets
    values: Mapping[str, JsonValue]
    lock: Mapping[str, Mapping[str, JsonValue]]
    locked: Mapping[str, Mapping[str, JsonValue]]
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A container of a run that is on a target though nothing looks after the run any more.

    `folder` is the run's on the host that started it, which may be this one.
    """

    name: str
    run: str
    state: str
    folder: str
    is_of_this_host: bool


@runtime_checkable
class RunsInContainers(Protocol):
    """An ability of compute targets: runs scripts in containers, each under a supervisor here.

    Each method blocks and raises ProviderError.
    """

    def container_for(self, asked: ContainerAsked, operation: OperationHandle) -> JobContainer:
        """The container for a run; its image is made where the target has none."""
        ...

    def carried(self, job: Job) -> Job:
        """The job as a supervisor on this host runs it: a program that takes the script there.

        What that needs is written into the job's folder.
        """
        ...

    def lacking_in(self, target: Record | None, needed: Mapping[str, int]) -> Sequence[str]:
        """What the target has too little of, in words; `needed` by the names of its facts."""
        ...


@runtime_checkable
class FindsLeftovers(Protocol):
    """An ability of compute targets: containers of runs, also of those that nobody knows of."""

    def containers_of_runs(self, target: Record | None) -> Sequence[Leftover]:
        """Every container of a run on the target; None is the engine of this host."""
        ...

    def remove_container(self, target: Record | None, name: str) -> None:
        """Remove a container of a run, whether it runs or not; one that is gone is no failure."""
        ...
