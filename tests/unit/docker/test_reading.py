"""What is read off the answers of engines that are not there in tests: GPUs, stores, rootless."""

from __future__ import annotations

from typing import Any

from amlplan_docker.engine.reading import architecture_of, container_of, facts_of
from amlplan_docker.engine.specification import ALL_GPUS, ContainerSpec, request_of

VERSION = {"Version": "20.10.24", "ApiVersion": "1.41", "Arch": "amd64"}


def facts(**info: Any) -> Any:
    return facts_of({"ID": "A:B", **info}, VERSION)


def test_gpus_are_those_that_the_engine_lists() -> None:
    named = [{"NamedResourceSpec": {"Kind": "NVIDIA-GPU", "Value": name}} for name in "ab"]
    counted = [{"DiscreteResourceSpec": {"Kind": "gpu", "Value": 4}}]
    devices = [{"ID": f"nvidia.com/gpu={name}"} for name in ("0", "1", "2", "all")]
    assert facts().gpus == 0
    assert facts(GenericResources=named).gpus == 2
    assert facts(GenericResources=counted).gpus == 4
    assert facts(DiscoveredDevices=devices).gpus == 3
    assert facts(GenericResources=[{"DiscreteResourceSpec": {"Kind": "SSD", "Value": 3}}]).gpus == 0
    assert facts(Runtimes={"runc": {}, "nvidia": {}}).has_gpu_runtime
    assert not facts(Runtimes={"runc": {}}).has_gpu_runtime


def test_the_store_of_images_and_rootless_are_told() -> None:
    store = [["driver-type", "io.containerd.snapshotter.v1"]]
    assert facts(DriverStatus=store).has_containerd_store
    assert not facts(DriverStatus=[["Backing Filesystem", "extfs"]]).has_containerd_store
    assert facts(SecurityOptions=["name=seccomp,profile=default", "name=rootless"]).rootless
    assert not facts(SecurityOptions=None).rootless


def test_architectures_have_the_names_of_images() -> None:
    assert [architecture_of(name) for name in ("x86_64", "aarch64", "s390x")] == [
        "amd64",
        "arm64",
        "s390x",
    ]


def test_gpus_of_a_container_are_read_as_they_were_asked_for() -> None:
    for count in (2, ALL_GPUS, None):
        asked = request_of(ContainerSpec("x", "y", gpus=count))
        seen = container_of(
            {
                "Id": "1",
                "Name": "/x",
                "Image": "sha256:1",
                "Config": {},
                "State": {"Status": "created"},
                "HostConfig": asked["HostConfig"],
            }
        )
        assert seen.gpus == count


def test_secrets_do_not_stand_in_what_is_printed() -> None:
    assert "hidden1" not in repr(
        container_of(
            {
                "Id": "1",
                "Name": "/x",
                "Image": "sha256:1",
                "Config": {"Env": ["TOKEN=hidden1"]},
                "State": {},
                "HostConfig": {},
            }
        )
    )


def test_certain_gpus_are_asked_for_by_their_ids() -> None:
    asked = request_of(ContainerSpec("x", "y", gpus=2, gpu_ids=("0", "3")))
    (request,) = asked["HostConfig"]["DeviceRequests"]
    assert request == {"DeviceIDs": ["0", "3"], "Capabilities": [["gpu"]]}
