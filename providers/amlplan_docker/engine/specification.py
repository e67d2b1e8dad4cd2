"""What a container is asked to be, and the words in which the engine takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL_GPUS = -1


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login at a registry."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """A container to create. Nothing is bound from the host.

    `memory` and `shm_size` are bytes, `cpu` is cores; `gpus` is a number or ALL_GPUS, `gpu_ids`
    are certain ones in its place. `ports` maps a port inside to the host's address and port, None
    for one that the engine chooses. `volumes` maps names of volumes to a path and `rw` or `ro`;
    `network` is a name or an id. `restart` is no, always, unless-stopped,
    on-failure or on-failure:N.
    """

    name: str
    image: str
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    memory: int | None = None
    cpu: float | None = None
    gpus: int | None = None
    gpu_ids: tuple[str, ...] = ()
    shm_size: int | None = None
    ports: Mapping[int, tuple[str, int | None]] = field(default_factory=dict)
    volumes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    network: str | None = None
    aliases: tuple[str, ...] = ()
    restart: str = "no"
    user: str | None = None
    init: bool = False
    working_dir: str | None = None
    stop_timeout: int | None = None
    stop_signal: str | None = None
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False
    cap_drop: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    processes: int | None = None
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    log_options: Mapping[str, str] = field(default_factory=dict)


def request_of(spec: ContainerSpec) -> dict[str, Any]:
    """The body of the engine's call that creates the container."""
    asked: dict[str, Any] = {
        "Image": spec.image,
        "Cmd": _listed(spec.command),
        "Entrypoint": _listed(spec.entrypoint),
        "Env": [f"{name}={value}" for name, value in sorted(spec.env.items())],
        "Labels": dict(spec.labels),
        "User": spec.user,
        "WorkingDir": spec.working_dir,
        "StopTimeout": spec.stop_timeout,
        "StopSignal": spec.stop_signal,
        "ExposedPorts": {f"{port}/tcp": {} for port in spec.ports},
        "HostConfig": _host_config(spec),
    }
    if spec.network is not None:
        endpoint = {"Aliases": list(spec.aliases)} if spec.aliases else {}
        asked["NetworkingConfig"] = {"EndpointsConfig": {spec.network: endpoint}}
    return _without_none(asked)


def limits_of(memory: int | None, cpu: float | None) -> dict[str, Any]:
    """The words for limits. Swap is not on top of memory: the limit is what is told."""
    asked: dict[str, Any] = {}
    if memory is not None:
        asked |= {"Memory": memory, "MemorySwap": memory}
    if cpu is not None:
        asked["NanoCpus"] = round(cpu * 1e9)
    return asked


def _host_config(spec: ContainerSpec) -> dict[str, Any]:
    return _without_none(
        {
            **limits_of(spec.memory, spec.cpu),
            "DeviceRequests": _gpus(spec.gpus, spec.gpu_ids),
            "ShmSize": spec.shm_size,
            "PortBindings": {
                f"{port}/tcp": [{"HostIp": address, "HostPort": str(outside or "")}]
                for port, (address, outside) in spec.ports.items()
            },
            "Mounts": [
                {"Type": "volume", "Source": name, "Target": path, "ReadOnly": mode == "ro"}
                for name, (path, mode) in spec.volumes.items()
            ],
            "NetworkMode": spec.network,
            "RestartPolicy": _restart(spec.restart),
            "Init": spec.init or None,
            "Tmpfs": dict(spec.tmpfs) or None,
            "ReadonlyRootfs": spec.read_only,
            "CapDrop": _listed(spec.cap_drop or None),
            "SecurityOpt": _listed(spec.security or None),
            "PidsLimit": spec.processes,
            "ExtraHosts": [f"{name}:{address}" for name, address in spec.extra_hosts.items()],
            "LogConfig": _log(spec.log_options),
        }
    )


def _gpus(count: int | None, ids: tuple[str, ...]) -> list[dict[str, Any]] | None:
    if ids:
        return [{"DeviceIDs": list(ids), "Capabilities": [["gpu"]]}]
    if not count:
        return None
    return [{"Count": count, "Capabilities": [["gpu"]]}]


def _restart(policy: str) -> dict[str, Any]:
    name, _, times = policy.partition(":")
    return {"Name": name, **({"MaximumRetryCount": int(times)} if times else {})}


def _log(options: Mapping[str, str]) -> dict[str, Any] | None:
    return {"Type": "json-file", "Config": dict(options)} if options else None


def _listed(words: tuple[str, ...] | None) -> list[str] | None:
    return None if words is None else list(words)


def _without_none(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}
