"""The container that a job runs in, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTAINER_FOLDER = "/amlplan/run"
"""The run's folder as a script in a container sees it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may use, None being as much as there is; sizes in bytes."""

    cpus: int | None = None
    memory: int | None = None
    shm_size: int | None = None
    gpus: int = 0


@dataclass(frozen=True, slots=True)
class JobContainer:
    """The container that a job runs in: data, so that a run can be repeated from its record.

    `kind` is that of the target, whose provider takes the job there. `connection` is how the
    target is reached, without secrets, and `engine` its identity. `image` is an id and `base` the
    digest of what it lies on; `interpreter` is the Python in it that scripts are run with, of the
    version `python`.
    """

    kind: str
    connection: Mapping[str, str | None]
    engine: str
    image: str
    interpreter: str
    base: str
    python: str
    network: str | None = None
    limits: Limits = field(default_factory=Limits)
