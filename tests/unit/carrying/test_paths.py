"""Paths in questions of a script to the service of its run, on both sides of a container."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan_docker.carrying.paths import Paths
from amlplan_docker.carrying.service import Connections
from amlplan_docker.inside.frames import Frames

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60.0


class FakeContainer:
    """Stands for a container: files by their path."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def fetch(self, path: str, target: Path, root: Path) -> list[str]:
        assert target.is_relative_to(root)
        target.mkdir(parents=True, exist_ok=True)
        (target / path.rpartition("/")[2]).write_text(self.files[path])
        return []

    def put(self, path: Path, place: str) -> None:
        self.files[place] = path.read_text()


class Service(BaseHTTPRequestHandler):
    """Stands for the run's service: registers nothing and gives a file for each that is fetched."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        answer: dict[str, object] = {"token": self.headers["Authorization"]}
        if "target" in body:
            Path(body["target"]).write_text("fetched")
            answer["path"] = body["target"]
        self._say(json.dumps(answer).encode())

    def do_GET(self) -> None:
        self._say(b'{"plain": true}')

    def _say(self, said: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        return


class Asking:
    """A script's side of a connection, without a container between."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        self.asked: list[dict[str, Any]] = []
        handler = type("Asked", (Service,), {"asked": self.asked})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.container = FakeContainer(files)
        self._said = bytearray()
        self._is_over = threading.Event()
        self._frames = Frames()
        (folder / "work").mkdir()
        paths = Paths(folder, self.container)  # type: ignore[arg-type]
        address = f"127.0.0.1:{self.server.server_port}"
        self.connections = Connections(address, paths, self._take)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        text = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.0\r\nAuthorization: Bearer t\r\n"
        head += f"Content-Length: {len(text)}\r\n\r\n"
        self._said.clear()
        self._is_over.clear()
        self.connections.take(b"c", 1, b"")
        for piece in (head.encode(), text):
            self.connections.take(b"d", 1, piece)
        assert self._is_over.wait(PATIENCE)
        answer: dict[str, Any] = json.loads(bytes(self._said).partition(b"\r\n\r\n")[2])
        return answer

    def _take(self, data: bytes) -> None:
        for kind, _, payload in self._frames.take(data):
            self._said += payload
            if kind == b"x":
                self._is_over.set()

    def close(self) -> None:
        self.connections.close()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    files = {"/amlplan/run/work/outputs/model": "weights", "/tmp/other": "elsewhere"}
    found = Asking(tmp_path, files)
    yield found
    found.close()


def test_files_that_are_registered_are_brought_first(asking: Asking, tmp_path: Path) -> None:
    answer = asking.ask("POST", "/amlplan/models", {"name": "m", "path": "outputs/model"})
    assert answer == {"token": "Bearer t"}
    assert asking.asked == [{"name": "m", "path": "outputs/model"}]
    assert (tmp_path / "work" / "outputs" / "model").read_text() == "weights"
    asking.ask("POST", "/amlplan/models", {"name": "m", "path": "/tmp/other"})
    brought = Path(asking.asked[1]["path"])
    assert brought.is_relative_to(tmp_path)
    assert brought.read_text() == "elsewhere"


@pytest.mark.parametrize("path", ["/amlplan/models/fetch", "/amlplan/runs/a_1/files/fetch"])
def test_files_that_are_fetched_are_put_into_the_container(
    path: str, asking: Asking, tmp_path: Path
) -> None:
    for target, place in (("/tmp/got", "/tmp/got"), ("got", "/amlplan/run/work/got")):
        assert asking.ask("POST", path, {"target": target})["path"] == place
        assert asking.container.files[place] == "fetched"
    assert not [found for found in tmp_path.rglob("*") if found.is_file()]


def test_a_place_of_this_host_is_never_written_to(asking: Asking) -> None:
    asking.ask("POST", "/amlplan/models/fetch", {"target": "/etc/amlplan-was-here"})
    assert not Path("/etc/amlplan-was-here").exists()


def test_other_questions_go_through_as_they_are(asking: Asking) -> None:
    assert asking.ask("GET", "/api/2.0/mlflow/runs/get") == {"plain": True}


def test_a_service_that_is_gone_closes_the_connection(asking: Asking) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        asking.connections._address = f"127.0.0.1:{taken.getsockname()[1]}"
    asking.connections.take(b"c", 1, b"")
    asking.connections.take(b"d", 1, b"GET / HTTP/1.0\r\n\r\n")
    assert asking._is_over.wait(PATIENCE)
