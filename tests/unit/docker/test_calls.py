"""How long an engine is waited for, shown with a stand-in for one that is slow, or broken."""

from __future__ import annotations

import http.server
import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import UnreachableError
from amlplan_docker.engine.client import Engine
from amlplan_docker.engine.connection import Connection
from amlplan_docker.engine.failures import DiskFullError, NotThereError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERSION = {"Version": "27.1.1", "ApiVersion": "1.46", "MinAPIVersion": "1.24"}
LIMIT = 60.0


@contextmanager
def engine_that(answers: Callable[[StandIn], None], version: object = VERSION) -> Iterator[Engine]:
    """A client of a stand-in that tells its version, and answers the rest as it is told."""

    class Handler(StandIn):
        def answer(self) -> None:
            if self.path.endswith("/version"):
                self.say(version)
            elif self.path.endswith("/_ping"):
                self.say("OK")
            else:
                answers(self)

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            host = f"tcp://127.0.0.1:{server.server_address[1]}"
            with Engine.connect(Connection(host), timeout=LIMIT) as engine:
                yield engine
        finally:
            server.shutdown()
            thread.join()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that do not wait for an answer."""


class StandIn(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        raise NotImplementedError

    def say(self, document: object, status: int = 200) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def piece(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name there
        """Say nothing."""


def test_it_is_asked_in_the_newest_version_that_both_know() -> None:
    asked: list[str] = []

    def answers(request: StandIn) -> None:
        asked.append(request.path)
        request.say({"ID": "x"})

    for newest, oldest, version in (
        ("1.46", "1.24", "v1.45"),
        ("1.41", "1.12", "v1.41"),
        ("1.60", "1.44", "v1.45"),
        ("1.70", "1.50", "v1.50"),
    ):
        said = {"Version": "x", "ApiVersion": newest, "MinAPIVersion": oldest}
        with engine_that(answers, said) as engine:
            assert engine.identity() == "x"
        assert asked.pop() == f"/{version}/info"


def test_a_slow_start_is_waited_for_while_the_engine_answers() -> None:
    def answers(request: StandIn) -> None:
        time.sleep(1)
        request.say({})

    with engine_that(answers) as engine:
        engine._calls.timeout = 0.1  # of silence, after which it is asked whether it lives
        engine.start("x")
        engine._calls._sdk.timeout = 0.1
        with pytest.raises(UnreachableError):
            engine.identity()


def test_a_stream_that_breaks_off_is_no_end() -> None:
    def answers(request: StandIn) -> None:
        request.begin()
        request.piece(b"\x01\0\0\0\0\0\0\x05first")
        request.wfile.write(b"ff\r\nno more")
        request.close_connection = True

    with engine_that(answers) as engine:
        logs = engine.logs("x")
        assert next(logs) == b"first"
        with pytest.raises(UnreachableError, match="it dropped the connection"):
            list(logs)


def test_an_error_in_a_stream_is_raised() -> None:
    for said, kind in (
        ({"errorDetail": {"message": "write /a: no space left on device"}}, DiskFullError),
        ({"error": "manifest unknown"}, NotThereError),
        ({"error": "something"}, RefusedError),
    ):

        def answers(request: StandIn, said: object = said) -> None:
            request.begin()
            request.piece(b'{"status": "Pulling"}\r\n')
            request.piece(json.dumps(said).encode())
            request.piece(b"")

        told: list[str] = []
        with engine_that(answers) as engine, pytest.raises(kind):
            engine.pull("x", "1", on_progress=told.append)
        assert told == ["Pulling"]


def test_what_is_no_json_in_a_stream_is_told() -> None:
    def answers(request: StandIn) -> None:
        request.begin()
        request.piece(b"<html>\n")
        request.piece(b"")

    with engine_that(answers) as engine, pytest.raises(UnreachableError):
        engine.pull("x", "1")
