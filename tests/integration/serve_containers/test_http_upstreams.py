"""A front before HTTP servers of other makes."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from amlplan_serve.client import RevisionFailedError, RevisionSpec
from harness.containers import Container, ReservedPort
from harness.service import Load, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.containers import Containers

SERVER = """
import http.server, json, os, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        if self.path == "/ready":
            is_ready = not os.path.exists(sys.argv[2])
            self.answer(200 if is_ready else 503, b"")
        else:
            self.do_POST()
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.startswith("/predict"):
            asked = json.loads(body or b"{}")
            if "die" in asked:
                os._exit(1)
            if "chunked" in asked:
                self.send_response(200)
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"3\\r\\nabc\\r\\n2\\r\\nde\\r\\n0\\r\\n\\r\\n")
                return
            if "until_end" in asked:
                self.wfile.write(b"HTTP/1.1 200 OK\\r\\nconnection: close\\r\\n\\r\\nuntil the end")
                self.close_connection = True
                return
            if "half" in asked:
                self.wfile.write(b"HTTP/1.1 200 OK\\r\\ncontent-length: 100\\r\\n\\r\\nhalf")
                self.wfile.flush()
                os._exit(1)
            if "garbage" in asked:
                self.wfile.write(b"what is this\\r\\n\\r\\n")
                self.close_connection = True
                return
            while "until" in asked and not os.path.exists(asked["until"]):
                time.sleep(0.01)
            told = {"pid": os.getpid(), "revision": "r1", "path": self.path,
                    "headers": {name.lower(): value for name, value in self.headers.items()}}
            self.answer(202, json.dumps(told).encode(), x_own="7", Date="never",
                        x_request_id="theirs", content_type="application/json") \\
                if "odd" in asked else self.answer(200, json.dumps(told).encode())
        elif self.path == "/describe?version=3":
            self.answer(200, b'{"openapi": "3.0.3", "info": "mine"}')
        else:
            self.answer(404, b"")
    def log_message(self, *_):
        pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
ROUTES = {"scoring": "/predict", "readiness": "/ready", "swagger": "/describe"}


class Servers:
    """Servers of a test, each at a port of its own."""

    def __init__(self, containers: Containers) -> None:
        self._containers = containers
        self._reserved = {name: ReservedPort() for name in ("one", "two")}
        self.ports = {name: port.number for name, port in self._reserved.items()}

    def close(self) -> None:
        for port in self._reserved.values():
            port.close()

    def is_listening(self, name: str) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.ports[name])) == 0

    def start(self, name: str) -> Container:
        port, unready = str(self.ports[name]), str(self._containers.folder / f"{name}.unready")
        program = [sys.executable, "-c", SERVER, port, unready]
        made = Container(name, self._containers.folder)
        self._containers.running[name] = made.run("server", program, {})
        return made

    def spec(self, *names: str, **settings: Any) -> RevisionSpec:
        told = {"startup_timeout": 60.0, "workers": len(names), "routes": ROUTES, **settings}
        upstreams = {name: f"127.0.0.1:{self.ports[name]}" for name in names}
        return RevisionSpec("r1", kind="http", upstreams=upstreams, **told)

    def serve(self, *names: str, **settings: Any) -> None:
        for name in names:
            self.start(name)
        self._containers.client.load(self.spec(*names, **settings), {})
        self._containers.client.activate("r1")


@pytest.fixture
def servers(containers: Containers) -> Iterator[Servers]:
    containers.open_front()
    made = Servers(containers)
    yield made
    made.close()


def test_requests_go_to_the_scoring_route(containers: Containers, servers: Servers) -> None:
    servers.serve("one")
    answer = containers.ask({"odd": 1}, path="/score?a=1&b=2")
    assert (answer.status, answer.headers["x-own"]) == (202, "7")
    assert answer.headers["date"] != "never"
    assert answer.headers["x-request-id"] != "theirs"
    told = answer.json
    assert told["path"] == "/predict?a=1&b=2"
    assert "authorization" not in told["headers"]
    assert told["headers"]["host"] == f"127.0.0.1:{servers.ports['one']}"
    assert containers.ask({}, "GET").status == 200
    assert containers.ask({"chunked": 1}).body == b"abcde"
    assert containers.ask({"until_end": 1}).body == b"until the end"
    assert containers.ask({"garbage": 1}).status == 502
    assert containers.ask({}).status == 200


def test_the_description_is_that_of_the_server(containers: Containers, servers: Servers) -> None:
    servers.serve("one")

    def told() -> Any:
        return containers.ask({}, "GET", "/swagger.json?version=3").json

    wait_until(lambda: told()["info"] == "mine", "the server's own description")


def test_answers_that_break_off_are_not_asked_again(
    containers: Containers, servers: Servers
) -> None:
    servers.serve("one", "two")
    assert containers.ask({"half": 1}).status == 502
    assert containers.ask({}).status == 200


def test_a_request_that_ends_every_server_is_asked_twice(
    containers: Containers, servers: Servers
) -> None:
    servers.serve("one", "two")
    assert containers.ask({"die": 1}).status == 502
    assert all(containers.running[name].process.wait(60) == 1 for name in ("one", "two"))


def test_killed_servers_fail_no_request(containers: Containers, servers: Servers) -> None:
    servers.serve("one", "two")
    with Load(containers) as load:
        for name in ("one", "two"):
            load.wait_for_more(50)
            containers.running[name].end(signal.SIGKILL)
            load.wait_for_more(50)
            servers.start(name)
            wait_until(lambda: containers.active().workers_ready == 2, "both servers")
        load.wait_for_more(50)
    assert not load.failures
    assert [item.restarts for item in containers.active().replicas] == [1, 1]


def test_readiness_decides_who_is_asked(containers: Containers, servers: Servers) -> None:
    servers.serve("one", "two")
    (containers.folder / "one.unready").touch()
    wait_until(lambda: not containers.replica("one").ready, "what is not ready")
    pids = {containers.ask({}).json["pid"] for _ in range(10)}
    assert pids == {containers.running["two"].process.pid}
    (containers.folder / "one.unready").unlink()
    wait_until(lambda: containers.replica("one").ready, "readiness")


def test_servers_that_are_not_ready_in_time_are_named(
    containers: Containers, servers: Servers
) -> None:
    (containers.folder / "one.unready").touch()
    servers.start("one")
    wait_until(lambda: servers.is_listening("one"), "the server")
    with pytest.raises(RevisionFailedError, match=r"0 of 2.*one: GET /ready.*503.*two: .*refuse"):
        containers.client.load(servers.spec("one", "two", startup_timeout=3.0), {})


def test_scaling_changes_who_is_asked(containers: Containers, servers: Servers) -> None:
    servers.serve("one")
    with Load(containers) as load:
        servers.start("two")
        upstreams = {name: f"127.0.0.1:{port}" for name, port in servers.ports.items()}
        containers.client.scale(2, upstreams=upstreams)
        load.wait_for_more(50)
        containers.client.scale(1, upstreams={"two": upstreams["two"]})
        load.wait_for_more(50)
        containers.running["one"].end(signal.SIGKILL)
        load.wait_for_more(50)
    assert not load.failures
    containers.running["front"].end()
    containers.start_front()
    wait_until(lambda: containers.active().workers_ready == 1, "the server")
    assert [item.name for item in containers.active().replicas] == ["two"]
    assert containers.ask({}).status == 200


def test_what_takes_too_long_is_answered(containers: Containers, servers: Servers) -> None:
    servers.serve("one", scoring_timeout=1.0)
    answer = containers.ask({"until": "for ever"})
    assert (answer.status, b"Scoring timeout after 1000 ms" in answer.body) == (500, True)
    assert answer.headers["x-ms-run-function-failed"] == "True"


def test_ending_a_revision_waits_for_what_is_in_flight(
    containers: Containers, servers: Servers
) -> None:
    servers.serve("one")
    answers: list[int] = []
    until = containers.folder / "until"
    body = {"until": str(until)}
    asking = threading.Thread(target=lambda: answers.append(containers.ask(body).status))
    asking.start()
    wait_until(lambda: containers.active().in_flight == 1, "the request")
    containers.serve("r2")
    assert containers.client.status().draining == ("r1",)
    until.touch()
    asking.join(60)
    assert answers == [200]
    assert containers.ask({}).json["revision"] == "r2"
