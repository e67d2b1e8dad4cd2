"""The server as images have it, under every Python that their base may have."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from amlplan_serve.client import FrontSettings, ServerClient
from amlplan_serve.settings import status_from_json
from harness.certificates import certificate_for
from harness.containers import Containers
from harness.image_server import UnavailableError, server_folder
from harness.service import Load, Service, wait_until
from interpreters import VERSIONS, interpreter

if TYPE_CHECKING:
    from pathlib import Path

PYTHONS = [version for version in VERSIONS if int(version.partition(".")[2]) >= 8]


def start(service: Service, python: str, folder: Path) -> None:
    """Start the server of a folder by that Python, as it leaves its caller."""
    config = service.config(body_limit=1000)
    path = service.folder / "control.sock.json"
    path.write_text(config.encode())
    ready, told = os.pipe()
    with (service.folder / "server.log").open("wb") as log:
        command = [python, "-I", "-S", str(folder), str(path), f"--ready={told}"]
        process = subprocess.Popen(command, stdout=log, stderr=log, pass_fds=(told,))
    os.close(told)
    with os.fdopen(ready) as pipe:
        said = json.loads(pipe.readline() or "null")
    process.wait()
    assert said is not None, (service.folder / "server.log").read_text()
    assert "error" not in said, said
    service.client, service.status = ServerClient(config.control), status_from_json(said)


def folder_for(version: str, place: Path) -> tuple[str, Path]:
    """An interpreter of that version, and the server's folder as an image for it has it."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"this machine has no Python {version}")
    try:
        return python, server_folder(python, place)
    except UnavailableError as failure:
        pytest.skip(f"packages of the server cannot be installed for Python {version}: {failure}")


@pytest.mark.parametrize("version", PYTHONS)
def test_the_server_of_an_image_serves(version: str, service: Service, tmp_path: Path) -> None:
    python, folder = folder_for(version, tmp_path / "server")
    start(service, python, folder)
    service.serve(interpreter=python)
    answer = service.ask(body={"echo": version})
    assert (answer.status, answer.json["echo"]) == (200, version)
    service.client.load(service.spec(revision="r2", interpreter=python), {})
    service.client.activate("r2")
    assert service.ask(body={}).json["revision"] == "r2"
    assert service.ask("GET", "/metrics").status == 200
    assert service.ask("GET", "/swagger.json").status == 200
    assert service.ask(body=b"x" * 1001).status == 413
    os.kill(service.ask(body={}).json["pid"], signal.SIGKILL)
    wait_until(lambda: service.active().restarts == 1, "another worker")
    assert service.ask(body={}).status == 200
    assert service.status.interpreter == python


@pytest.mark.parametrize("version", PYTHONS)
def test_front_and_replicas_of_an_image_serve(version: str, tmp_path: Path) -> None:
    python, folder = folder_for(version, tmp_path / "server")
    containers = Containers(tmp_path, program=[python, "-I", "-S", str(folder)])
    try:
        containers.open_front()
        containers.serve("r1", workers=2)
        with Load(containers, clients=2) as load:
            os.kill(containers.ask({}).json["pid"], signal.SIGKILL)
            load.wait_for_more(20)
            wait_until(lambda: containers.active().workers_ready == 2, "another worker")
            containers.running["r1-1"].end(signal.SIGKILL)
            load.wait_for_more(20)
        assert not load.failures
        containers.client.put_certificate(*certificate_for("localhost"))
        containers.client.configure(FrontSettings(tls=True))
        assert containers.client_by_ctl.status().interpreter == python
        assert containers.running["r1-2"].end() == 0
        assert containers.running["front"].end() == 0
    finally:
        containers.close()
