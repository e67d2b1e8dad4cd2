"""Compute targets on a Docker engine, through the command line."""

from __future__ import annotations

import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from amlplan_docker.labels import IDENTITY, LINEAGE
from services.relay import running_relay

if TYPE_CHECKING:
    from pathlib import Path

    from docker_workbench import DockerProject

KILLING = """
import os, signal, sys
from amlplan_docker.engine.client import Engine

create = Engine.create_network

def killed(engine, *arguments):
    if sys.argv[1] == "after":
        create(engine, *arguments)
    os.kill(os.getpid(), signal.SIGKILL)

Engine.create_network = killed
from amlplan.cli.app import run
run(["apply", "-auto-approve"])
"""


def test_an_engine_is_attached_seen_and_let_go(docker_project: DockerProject) -> None:
    engine = docker_project.engine
    docker_project.configure()
    planned = docker_project.run("plan")
    assert "compute.box" in planned.out
    docker_project.project.apply()
    outputs = docker_project.outputs("compute.box")
    network = engine.network(docker_project.network)
    assert network is not None
    assert outputs["identity"] == engine.identity()
    assert outputs["network_id"] == network.id
    assert outputs["facts"]["cpus"] >= 1
    assert network.labels[LINEAGE] == docker_project.lineage
    docker_project.run("destroy", "-auto-approve")
    assert engine.network(docker_project.network) is None


def test_a_network_that_went_is_drift_and_repaired(docker_project: DockerProject) -> None:
    docker_project.configure()
    docker_project.project.apply()
    docker_project.engine.remove_network(docker_project.network)
    drift = docker_project.run("drift", code=None)
    assert drift.code == 2
    assert "network_id" in drift.out
    docker_project.project.apply()
    network = docker_project.engine.network(docker_project.network)
    assert network is not None
    assert docker_project.outputs("compute.box")["network_id"] == network.id


def test_networks_that_no_state_has_are_told_by_drift(docker_project: DockerProject) -> None:
    docker_project.configure()
    docker_project.project.apply()
    name = f"{docker_project.network}-left"
    identity = f"{docker_project.lineage}/compute.gone/7"
    labels = {LINEAGE: docker_project.lineage, IDENTITY: identity, "amlplan.role": "network"}
    docker_project.engine.create_network(name, labels)
    found = docker_project.run("drift", "-unmanaged", code=None)
    assert name in found.out, found.all


def test_a_state_is_told_by_whom_it_was_made_and_moves_by_choice(
    docker_project: DockerProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_project.configure()
    docker_project.project.apply()
    with monkeypatch.context() as patch:
        patch.setattr("amlplan_docker.engine.client.Engine.identity", lambda engine: "another")
        blocked = docker_project.run("plan", code=None)
        assert "compute.box" in blocked.all
        assert "is another" in blocked.all
        assert "-accept-identity=compute.box" in blocked.all
    assert "No changes" in docker_project.run("plan").out


def test_an_engine_that_is_not_there_blocks_and_changes_nothing(
    docker_project: DockerProject, tmp_path: Path
) -> None:
    docker_project.configure(connection=f'host = "unix://{tmp_path}/nosuch.sock"')
    planned = docker_project.run("plan")
    assert "there is no such socket" in planned.all
    failed = docker_project.run("apply", "-auto-approve", code=None)
    assert failed.code != 0
    assert "The Docker engine cannot be reached" in failed.err
    assert "Traceback" not in failed.all
    docker_project.configure()
    docker_project.project.apply()
    docker_project.configure(connection=f'host = "unix://{tmp_path}/nosuch.sock"')
    before = docker_project.state["records"]
    blocked = docker_project.run("plan", code=None)
    assert "there is no such socket" in blocked.all
    assert "Traceback" not in blocked.all
    docker_project.run("apply", "-auto-approve", code=None)
    assert docker_project.state["records"].keys() == before.keys()
    docker_project.configure()
    assert "No changes" in docker_project.run("plan").out


def test_a_way_that_changes_is_no_change(docker_project: DockerProject, tmp_path: Path) -> None:
    docker_project.configure()
    docker_project.project.apply()
    with running_relay(docker_project.service.host, listen=tmp_path / "relay.sock") as relay:
        docker_project.configure(connection=f'host = "{relay.host}"')
        assert "No changes" in docker_project.run("plan").out


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ('host = ""', "host"),
        ('host = "ftp://box"', "ftp:// is no way to reach an engine"),
        ('host = "box:2375"', "does not say how the engine is reached"),
        ('host = "tcp://ana@box:2375"', "which only ssh:// has"),
        ('host = "ssh://ana:hidden1@box"', "password"),
        ('host = "tcp://box:2376"\n ca_file = "nosuch.pem"', "nosuch.pem"),
        ('host = "tcp://box:2376"\n cert_file = "cert.pem"', "key_file"),
        ('hosts = "tcp://box:2376"', "hosts"),
    ],
)
def test_bad_input_is_told_at_plan(
    docker_project: DockerProject, connection: str, said: str
) -> None:
    docker_project.configure(connection=connection)
    planned = docker_project.run("plan", code=None)
    assert planned.code not in (0, 2), planned.all
    assert said in planned.all
    assert "Traceback" not in planned.all
    assert "hidden1" not in planned.all


def test_what_answers_but_is_no_engine_is_told_at_plan(docker_project: DockerProject) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.close()
        docker_project.configure(connection=f'host = "tcp://127.0.0.1:{port}"')
        planned = docker_project.run("plan")
    assert "nothing listens there" in planned.all


def test_an_engine_is_imported(docker_project: DockerProject) -> None:
    network = docker_project.engine.create_network(
        f"{docker_project.name}-theirs", {"amlplan.test": docker_project.name}
    )
    docker_project.configure(
        f'import {{\n  to = compute.box\n  id = "{network.name}"\n}}\n',
        compute=f'network = "{network.name}"',
    )
    for _ in range(2):  # the workspace first
        docker_project.run("apply", "-auto-approve")
    assert docker_project.outputs("compute.box")["network_id"] == network.id
    docker_project.configure(compute=f'network = "{network.name}"')
    assert "No changes" in docker_project.run("plan").out
    docker_project.run("destroy", "-auto-approve")
    assert docker_project.engine.network(network.name) == network


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_apply_that_was_killed_makes_no_network_twice(
    docker_project: DockerProject, moment: str
) -> None:
    docker_project.configure()
    project = docker_project.project
    killed = subprocess.run(
        [*project.command()[:1], "-c", KILLING, moment],
        cwd=project.root,
        env=project.process_environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    project.apply()
    labels = {LINEAGE: docker_project.lineage}
    assert [each.name for each in docker_project.engine.networks(labels)] == [
        docker_project.network
    ]
    project.run("destroy", "-auto-approve")
    assert docker_project.engine.networks(labels) == []


def test_it_stays_while_a_run_is_on_it(docker_project: DockerProject) -> None:
    docker_project.configure()
    docker_project.project.apply()
    from docker_objects import Objects

    objects = Objects(docker_project.engine, docker_project.service.base, docker_project.name)
    labels = {"amlplan.role": "run", "amlplan.run": "run-7"}
    objects.run(network=docker_project.network, labels=labels)
    refused = docker_project.run("destroy", "-auto-approve", code=None)
    assert refused.code != 0
    assert "run-7 is running on compute.box" in refused.err
    objects.clear()
    docker_project.run("destroy", "-auto-approve")
