"""What the engine's answers say, turned into plain data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from amlplan_docker.engine.seen import (
    ContainerSeen,
    EngineFacts,
    ImageSeen,
    MountSeen,
    NetworkSeen,
    VolumeSeen,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_NANO = 1_000_000_000


def facts_of(info: Mapping[str, Any], version: Mapping[str, Any]) -> EngineFacts:
    """The facts, of the answers to `info` and `version`; the disk is looked at elsewhere."""
    options = [str(option) for option in info.get("SecurityOptions") or ()]
    driver = dict(info.get("DriverStatus") or ())
    return EngineFacts(
        identity=str(info.get("ID") or ""),
        name=str(info.get("Name") or ""),
        version=str(version.get("Version") or ""),
        api_version=str(version.get("ApiVersion") or ""),
        os=" ".join(str(info.get(key) or "") for key in ("OperatingSystem", "KernelVersion")),
        architecture=architecture_of(str(version.get("Arch") or info.get("Architecture") or "")),
        cpus=int(info.get("NCPU") or 0),
        memory=int(info.get("MemTotal") or 0),
        gpus=_gpus(info),
        has_gpu_runtime="nvidia" in (info.get("Runtimes") or {}),
        rootless=any(option.startswith("name=rootless") for option in options),
        storage_driver=str(info.get("Driver") or ""),
        has_containerd_store=str(driver.get("driver-type", "")).startswith("io.containerd"),
        disk_free=None,
    )


def architecture_of(name: str) -> str:
    """The name that images have for an architecture that a kernel calls otherwise."""
    return {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}.get(name, name)


def image_of(seen: Mapping[str, Any]) -> ImageSeen:
    """An image, as it is inspected."""
    config = seen.get("Config") or {}
    return ImageSeen(
        id=seen["Id"],
        tags=tuple(sorted(seen.get("RepoTags") or ())),
        digests=tuple(sorted(seen.get("RepoDigests") or ())),
        os=seen.get("Os") or "",
        architecture=seen.get("Architecture") or "",
        variant=seen.get("Variant") or "",
        layers=tuple((seen.get("RootFS") or {}).get("Layers") or ()),
        config=dict(config),
        size=int(seen.get("Size") or 0),
        labels=dict(config.get("Labels") or {}),
    )


def container_of(seen: Mapping[str, Any]) -> ContainerSeen:
    """A container, as it is inspected."""
    config, host, state = seen["Config"], seen["HostConfig"], seen["State"]
    attached = (seen.get("NetworkSettings") or {}).get("Networks") or {}
    return ContainerSeen(
        id=seen["Id"],
        name=seen["Name"].removeprefix("/"),
        image=config.get("Image") or "",
        image_id=seen["Image"],
        labels=dict(config.get("Labels") or {}),
        env=dict(item.partition("=")[::2] for item in config.get("Env") or ()),
        command=tuple(config.get("Cmd") or ()),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        memory=host.get("Memory") or None,
        cpu=_cpu(host),
        gpus=_gpus_asked(host),
        shm_size=host.get("ShmSize") or None,
        state=state.get("Status") or "",
        exit_code=int(state.get("ExitCode") or 0),
        oom_killed=bool(state.get("OOMKilled")),
        error=state.get("Error") or "",
        pid=int(state.get("Pid") or 0),
        created_at=seen.get("Created") or "",
        started_at=state.get("StartedAt") or "",
        finished_at=state.get("FinishedAt") or "",
        restart_count=int(seen.get("RestartCount") or 0),
        ports=_ports(seen),
        restart_policy=_restart(host.get("RestartPolicy") or {}),
        mounts=tuple(_mount(mount) for mount in seen.get("Mounts") or ()),
        networks={name: at.get("IPAddress") or "" for name, at in sorted(attached.items())},
    )


def network_of(seen: Mapping[str, Any]) -> NetworkSeen:
    """A network, as it is inspected."""
    return NetworkSeen(
        id=seen["Id"],
        name=seen["Name"],
        driver=seen.get("Driver") or "",
        labels=dict(seen.get("Labels") or {}),
        created_at=seen.get("Created") or "",
        containers={
            container: (at or {}).get("Name") or ""
            for container, at in (seen.get("Containers") or {}).items()
        },
    )


def volume_of(seen: Mapping[str, Any]) -> VolumeSeen:
    """A volume, as it is inspected or listed."""
    return VolumeSeen(seen["Name"], seen.get("Driver") or "", dict(seen.get("Labels") or {}))


def _cpu(host: Mapping[str, Any]) -> float | None:
    if host.get("NanoCpus"):
        return float(host["NanoCpus"]) / _NANO
    if host.get("CpuQuota", 0) > 0 and host.get("CpuPeriod", 0) > 0:
        return float(host["CpuQuota"]) / float(host["CpuPeriod"])
    return None


def _gpus_asked(host: Mapping[str, Any]) -> int | None:
    for request in host.get("DeviceRequests") or ():
        if any("gpu" in words for words in request.get("Capabilities") or ()):
            return len(request.get("DeviceIDs") or ()) or int(request.get("Count") or 0)
    return None


def _ports(seen: Mapping[str, Any]) -> dict[int, tuple[tuple[str, int], ...]]:
    """Those that are bound now, else those that were asked for."""
    bound = (seen.get("NetworkSettings") or {}).get("Ports") or {}
    asked = seen["HostConfig"].get("PortBindings") or {}
    found: dict[int, tuple[tuple[str, int], ...]] = {}
    for name, at in (asked | {name: at for name, at in bound.items() if at}).items():
        places = {(item.get("HostIp") or "", int(item.get("HostPort") or 0)) for item in at or ()}
        found[int(name.partition("/")[0])] = tuple(sorted(places))
    return found


def _restart(policy: Mapping[str, Any]) -> str:
    times = int(policy.get("MaximumRetryCount") or 0)
    return (policy.get("Name") or "no") + (f":{times}" if times else "")


def _mount(mount: Mapping[str, Any]) -> MountSeen:
    return MountSeen(
        name=mount.get("Name") or mount.get("Source") or "",
        path=mount.get("Destination") or "",
        type=mount.get("Type") or "",
        is_writable=bool(mount.get("RW")),
    )


def _gpus(info: Mapping[str, Any]) -> int:
    """Those that the engine lists: as resources of its machine, else as devices."""
    listed = [_resource(item) for item in info.get("GenericResources") or ()]
    devices = {
        str(device.get("ID"))
        for device in info.get("DiscoveredDevices") or ()
        if re.search(r"/gpu=\d+$", str(device.get("ID")))
    }
    return sum(listed) or len(devices)


def _resource(item: Mapping[str, Any]) -> int:
    named, counted = item.get("NamedResourceSpec") or {}, item.get("DiscreteResourceSpec") or {}
    if "gpu" in str(named.get("Kind", "")).lower():
        return 1
    return int(counted.get("Value") or 0) if "gpu" in str(counted.get("Kind", "")).lower() else 0
