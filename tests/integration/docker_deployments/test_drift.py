"""What others do to a deployment's containers is named by field, and made good by an apply."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import ProviderError
from amlplan.provider import Missing
from amlplan_docker.deployments.documents import packed
from amlplan_docker.engine.specification import ContainerSpec

if TYPE_CHECKING:
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen
    from amlplan_schemas.state import Record
    from docker_deployment_workbench import DockerDeployments


def made_again(engine: Engine, seen: ContainerSeen, **changes: Any) -> None:
    """A container under the same name, as somebody would make it by hand."""
    spec = ContainerSpec(
        name=seen.name,
        image=seen.image_id,
        command=seen.command,
        env=seen.env,
        labels=seen.labels,
        memory=seen.memory,
        cpu=seen.cpu,
        volumes={item.name: (item.path, "rw") for item in seen.mounts},
        network=next(iter(seen.networks)),
        restart=seen.restart_policy,
    )
    engine.remove_container(seen.id, force=True)
    engine.start(engine.create_container(replace(spec, **changes)))


@pytest.fixture
def record(bench: DockerDeployments) -> Record:
    wanted = bench.desired(bench.image("one"), env={"LEVEL": "low"}, memory="256MiB")
    return bench.created(wanted)


def expect(bench: DockerDeployments, record: Record, *fields: str) -> None:
    """Just these fields drifted, and an update makes them good."""
    assert set(fields) <= bench.drift(record) <= {*fields, "state", "running"}
    wanted = bench.desired(bench.image("one"), env={"LEVEL": "low"}, memory="256MiB")
    assert not bench.drift(bench.updated(wanted, record))
    assert bench.asked(record)[0] == 200


def test_changed_replicas_are_named_and_made_again(
    bench: DockerDeployments, record: Record
) -> None:
    engine = bench.engine

    def replica() -> ContainerSeen:
        (found,) = (item for item in bench.containers(record) if "-r1-" in item.name)
        return found

    engine.remove_container(replica().id, force=True)
    expect(bench, record, "running", "state")
    other = bench.image("two").outputs.values["image_id"]
    changed = {**replica().env, "LEVEL": "high"}
    made_again(engine, replica(), env=changed, image=other, restart="always")
    engine.update(replica().id, memory=300 * 1024**2)
    engine.put(replica().id, "/amlplan/models/ridge", packed({"weights.bin": b"forged!"}))
    assert bench.outputs(record)["corrupted"] == ["ridge/weights.bin"]
    engine.disconnect_from_network(next(iter(replica().networks)), replica().id)
    fields = ("env_digests", "image_id", "restart_policy", "limits", "corrupted", "network")
    expect(bench, record, *fields)
    engine.stop(replica().id)
    expect(bench, record, "running", "state")
    engine.put(replica().id, "/amlplan/models/ridge", packed({"weights.bin": b"forged!"}))
    expect(bench, record, "corrupted")
    assert bench.outputs(record)["corrupted"] == []


def test_a_changed_front_is_named_and_made_again_with_its_keys_and_port(
    bench: DockerDeployments, record: Record
) -> None:
    engine, front = bench.engine, bench.names(record).front
    key = bench.key(record)
    engine.stop(front)
    expect(bench, record, "front", "state", "running")
    engine.remove_container(front, force=True)
    expect(bench, record, "front", "state", "running")
    assert bench.key(record) == key
    engine.put(front, "/amlplan/data", packed({"keys.json": b'{"primary": "guessed"}'}))
    assert bench.drift(record) == {"keys"}
    assert bench.asked(record, 1, key)[0] == 200  # until the front reads its keys again


def test_a_front_that_cannot_be_made_again_costs_neither_keys_nor_replicas(
    bench: DockerDeployments, record: Record
) -> None:
    engine, names, key = bench.engine, bench.names(record), bench.key(record)
    engine.remove_container(names.front, force=True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        wanted = bench.desired(bench.image("one"), env={"LEVEL": "low"}, memory="256MiB", port=port)
        with pytest.raises(ProviderError, match="taken"):
            bench.updated(wanted, record)
    assert engine.container(names.replica(1, 1)) is not None
    bench.updated(wanted, record)
    assert bench.key(record) == key


def test_a_deployment_that_is_gone_is_missing(bench: DockerDeployments, record: Record) -> None:
    for item in bench.containers(record):
        bench.engine.remove_container(item.id, force=True)
    assert not isinstance(bench.provider.read(record, bench.targets), Missing)
    for volume in bench.engine.volumes(bench.names(record).own):
        bench.engine.remove_volume(volume.name)
    assert bench.provider.read(record, bench.targets) == Missing()
