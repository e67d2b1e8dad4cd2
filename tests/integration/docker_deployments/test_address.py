"""The address of a deployment on Docker: its port, who is let in, and its certificate."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from amlplan.children import run_child
from amlplan.errors import ProviderError
from amlplan_docker.deployments.control import client_of

if TYPE_CHECKING:
    from pathlib import Path

    from docker_deployment_workbench import DockerDeployments


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def certificate(folder: Path, name: str) -> dict[str, str]:
    files = ["-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}"]
    run_child(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files], folder=folder)
    return {"cert_file": f"{name}.crt", "key_file": f"{name}.key"}


def test_the_port_is_kept_moved_and_told_when_it_is_taken(bench: DockerDeployments) -> None:
    image = bench.image("one")
    record = bench.created(bench.desired(image))
    chosen = record.outputs.values["address"]
    assert bench.updated(bench.desired(image), record).outputs.values["address"] == chosen
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ProviderError, match=f"Port {port} of 127.0.0.1"):
            bench.provider.update(bench.desired(image, port=port), record, bench.operation())
        assert not bench.drift(record)
        assert bench.asked(record)[0] == 200
    port = free_port()
    moved = bench.desired(image, port=port)
    plan = bench.refined(moved, record)
    assert plan.note is not None
    assert f"-> {port}" in plan.note
    record = bench.updated(moved, record)
    assert record.outputs.values["address"] == f"127.0.0.1:{port}"
    assert bench.asked(record)[0] == 200
    assert len(bench.containers(record)) == 2


def test_keys_and_certificates_change_at_once_and_open_the_same_front(
    bench: DockerDeployments,
) -> None:
    image, root = bench.image("one"), bench.images.root
    one, two = certificate(root, "one"), certificate(root, "two")
    record = bench.created(bench.desired(image, tls=one))
    front = bench.names(record).front
    before = bench.engine.container(front)
    assert record.outputs.values["scoring_uri"].startswith("https://")
    assert bench.asked(record)[0] == 200
    score = bench.provider.score(record, bench.targets, b"1", "application/json")
    assert score.status == 200
    key = bench.key(record)
    bench.provider.rotate(record, bench.targets, "primary")
    assert bench.asked(record, 1, key)[0] == 401
    assert bench.asked(record)[0] == 200
    shown = record.outputs.values["certificate"]
    record = bench.updated(bench.desired(image, tls=two), record)
    assert record.outputs.values["certificate"] != shown
    record = bench.updated(bench.desired(image, auth={"mode": "none"}), record)
    assert record.outputs.values["scoring_uri"].startswith("http://")
    assert bench.asked(record)[0] == 200
    after = bench.engine.container(front)
    assert before is not None
    assert after is not None
    assert after.id == before.id


def test_secrets_reach_the_script_and_stand_nowhere(bench: DockerDeployments) -> None:
    told = "    return {'said': os.environ.get('TOKEN'), 'asked': data}"
    image = bench.image("telling", run=told)
    wanted = bench.desired(image, env={"TOKEN": "s3cret-value"}, sensitive={"/env/TOKEN"})
    record = bench.created(wanted)
    assert bench.asked(record)[1]["said"] == "s3cret-value"
    for item in bench.containers(record):
        assert "s3cret-value" not in f"{dict(item.env)} {dict(item.labels)} {item.command}"
    again = bench.desired(image, env={"TOKEN": "another"}, sensitive={"/env/TOKEN"})
    record = bench.updated(again, record)
    assert record.outputs.values["revision"] == 2
    assert bench.asked(record)[1]["said"] == "another"
    container = bench.engine.container(bench.names(record).front)
    assert container is not None
    status = client_of(bench.engine, container).status()
    assert "another" not in repr(status)
