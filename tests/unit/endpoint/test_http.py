"""The service answers who may ask, and survives whatever else comes in."""

from __future__ import annotations

import base64
import os
import socket
from random import Random
from typing import TYPE_CHECKING

import pytest

from endpoint_workbench import API, FILES, TOKEN, Endpoint
from local_workbench import wait_until

if TYPE_CHECKING:
    from pathlib import Path

HEAD = f"Host: x\r\nAuthorization: Bearer {TOKEN}\r\n"


def test_nothing_is_told_or_done_without_the_token_of_the_run(endpoint: Endpoint) -> None:
    asked = {"run_id": endpoint.root, "key": "a", "value": 1}

    refused = endpoint.call("POST", f"{API}/runs/log-metric", asked, token="another")
    ours = endpoint.call("GET", "/amlplan/workspace", token="")

    assert (refused.status, refused.json["error_code"]) == (401, "UNAUTHENTICATED")
    assert (ours.status, ours.json["error"]) == (401, "Not allowed")
    assert endpoint.run()["data"]["metrics"] == []


def test_the_token_may_be_the_password_of_a_user(endpoint: Endpoint) -> None:
    basic = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()

    answer = endpoint.call("GET", "/amlplan/workspace", Authorization=f"Basic {basic}")

    assert answer.status == 200


def test_what_is_no_request_ends_its_connection_and_nothing_else(endpoint: Endpoint) -> None:
    random = Random(5)
    for sent in (
        b"\x00\xff\x16\x03\x01" * 50,
        b"GET / HTTP/9.9\r\n\r\n",
        b"PUT " + b"x" * 70_000,
        f"POST {API}/runs/log-metric HTTP/1.1\r\n{HEAD}Content-Length: -5\r\n\r\n".encode(),
        f"POST {API}/runs/log-metric HTTP/1.1\r\n{HEAD}Content-Length: 9\r\n\r\n{{".encode(),
        f"PUT {FILES}/runs/x HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode(),
        random.randbytes(5000),
    ):
        with socket.create_connection(("127.0.0.1", endpoint.port), timeout=60) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while _received(connection):
                pass

    endpoint.log("still there", 1)

    assert endpoint.run()["data"]["metrics"][0]["key"] == "still there"


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(4096)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b"\xff",
        b"[" * 100_000,
        {"run_id": "nobody", "key": "a", "value": 1},
        {"key": "a", "value": 1},
        {"run_id": "ROOT", "value": 1},
        {"run_id": "ROOT", "key": "a", "value": "many"},
        {"run_id": "ROOT", "key": ["a"], "value": 1},
        {"run_id": "ROOT", "key": "a", "value": 1, "step": "x"},
    ],
)
def test_a_mistake_is_refused_in_words_at_once(endpoint: Endpoint, body: object) -> None:
    if isinstance(body, dict) and body.get("run_id") == "ROOT":
        body = {**body, "run_id": endpoint.root}

    answer = endpoint.call("POST", f"{API}/runs/log-metric", body)

    assert 400 <= answer.status < 500
    assert answer.json["message"]
    assert endpoint.end() == b""


def test_a_route_that_there_is_not_is_told_as_clients_expect(endpoint: Endpoint) -> None:
    answer = endpoint.call("POST", "/api/3.0/mlflow/traces", {})

    assert (answer.status, answer.json["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_files_come_in_whole_in_chunks_or_empty_and_go_out_again(endpoint: Endpoint) -> None:
    data = os.urandom(3_000_000)
    place = f"{FILES}/runs/{endpoint.root}"

    assert endpoint.call("PUT", f"{place}/a%20b/c.bin", data).status == 200
    assert endpoint.call("PUT", f"{place}/empty", b"").status == 200
    chunked = (
        f"PUT {place}/chunks HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=60) as connection:
        connection.sendall(chunked.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")

    assert endpoint.call("GET", f"{place}/a%20b/c.bin").data == data
    assert (endpoint.outputs / "empty").read_bytes() == b""
    assert (endpoint.outputs / "chunks").read_bytes() == b"abcdefg"
    asked = [event["path"] for event in endpoint.events("artifact")]
    assert asked == ["outputs/a b/c.bin", "outputs/empty", "outputs/chunks"]


def test_half_a_file_is_no_artifact(endpoint: Endpoint) -> None:
    place = f"{FILES}/runs/{endpoint.root}/half"
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=60) as connection:
        connection.sendall(f"PUT {place} HTTP/1.1\r\n{HEAD}Content-Length: 99\r\n\r\nabc".encode())
    assert endpoint.call("GET", place).status == 404

    assert wait_until(lambda: not _parts(endpoint.folder), 30)
    assert not (endpoint.outputs / "half").exists()


def test_half_a_file_that_a_killed_server_left_is_removed_by_the_next(endpoint: Endpoint) -> None:
    place = f"{FILES}/runs/{endpoint.root}/half"
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=60) as connection:
        connection.sendall(f"PUT {place} HTTP/1.1\r\n{HEAD}Content-Length: 99\r\n\r\nabc".encode())
        assert wait_until(lambda: bool(_parts(endpoint.folder)), 60)
        endpoint.kill()

    endpoint.start()
    endpoint.run()

    assert not _parts(endpoint.folder)


def _parts(folder: Path) -> list[Path]:
    return list((folder / "parts").glob("*"))


@pytest.mark.parametrize(
    "path",
    ["runs/ROOT/../../../x", "runs/ROOT/%2e%2e/%2e%2e/x", "runs", "elsewhere/x", "runs/no/x"],
)
def test_no_path_leads_out_of_the_run(endpoint: Endpoint, path: str) -> None:
    place = f"{FILES}/{path.replace('ROOT', endpoint.root)}"

    assert endpoint.call("PUT", place, b"x").status in {400, 404}
    assert endpoint.call("GET", place).status in {400, 404}
    assert not list(endpoint.workspace.rglob("x"))
