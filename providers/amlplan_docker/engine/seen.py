"""What is seen at an engine, as plain data: nothing of the SDK gets past here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What an engine is, and what its machine offers.

    `gpus` counts those that the engine lists; `has_gpu_runtime` tells that it can hand some out
    though it lists none. `disk_free` is known of an engine on this machine only.
    """

    identity: str
    name: str
    version: str
    api_version: str
    os: str
    architecture: str
    cpus: int
    memory: int
    gpus: int
    has_gpu_runtime: bool
    rootless: bool
    storage_driver: str
    has_containerd_store: bool
    disk_free: int | None


@dataclass(frozen=True, slots=True)
class ImageSeen:
    """An image at the engine. `layers` are diff ids, the lowest first; `digests` name registries.

    `config` is the container configuration, with the engine's spelling: `Env`, `Cmd`, `Labels`.
    """

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    os: str
    architecture: str
    variant: str
    layers: tuple[str, ...]
    config: Mapping[str, Any]
    size: int
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MountSeen:
    """What is mounted in a container; `name` is that of a volume, or the source elsewhere."""

    name: str
    path: str
    type: str
    is_writable: bool


@dataclass(frozen=True, slots=True)
class ContainerSeen:
    """A container. `state` is created, running, paused, restarting, removing, exited or dead.

    `memory` in bytes, `cpu` in cores and `gpus` are None where there is no limit; `gpus` is -1
    where it has all. `ports` maps a port inside to host addresses and ports. `networks` maps names
    to addresses, empty while it does not run. `error` is why the engine could not start it.
    """

    id: str
    name: str
    image: str
    image_id: str
    labels: Mapping[str, str]
    env: Mapping[str, str] = field(repr=False)
    command: tuple[str, ...]
    entrypoint: tuple[str, ...]
    memory: int | None
    cpu: float | None
    gpus: int | None
    shm_size: int | None
    state: str
    exit_code: int
    oom_killed: bool
    error: str
    pid: int
    created_at: str
    started_at: str
    finished_at: str
    restart_count: int
    ports: Mapping[int, tuple[tuple[str, int], ...]]
    restart_policy: str
    mounts: tuple[MountSeen, ...]
    networks: Mapping[str, str]

    @property
    def is_running(self) -> bool:
        """Whether its process runs, paused or not."""
        return self.state in ("running", "paused")


@dataclass(frozen=True, slots=True)
class NetworkSeen:
    """A network; `containers` are those that run on it, names by id."""

    id: str
    name: str
    driver: str
    labels: Mapping[str, str]
    created_at: str
    containers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class VolumeSeen:
    """A volume."""

    name: str
    driver: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Executed:
    """What a command in a container gave."""

    exit_code: int
    stdout: bytes
    stderr: bytes
