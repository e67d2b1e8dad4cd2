"""What clients of a scoring server see: routes, keys, limits, figures."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from amlplan_serve.client import RefusedError
from harness.service import ECHO, Load, Service, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 100_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("running"))
    service.start(body_limit=LIMIT)
    manifest = service.folder / "manifest.json"
    manifest.write_text('{"image": "scorer"}')
    service.serve(workers=2, manifest=str(manifest))
    yield service
    service.stop()


def raw(service: Service, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", service.status.port), timeout=60) as connection:
        connection.sendall(request)
        answer = bytearray()
        while part := connection.recv(65536):
            answer += part
        return bytes(answer)


def test_a_request_is_answered(running: Service) -> None:
    answer = running.ask(body={"echo": "ä"})
    assert answer.status == 200
    assert answer.json["echo"] == "ä"
    assert answer.json["revision"] == "r1"
    assert answer.headers["content-type"] == "application/json"
    assert float(answer.headers["x-ms-run-fn-exec-ms"]) > 0


@pytest.mark.parametrize("path", ["/score", "/swagger.json", "/amlplan/manifest"])
@pytest.mark.parametrize("key", ["", "Bearer wrong", "first-key", "Basic first-key"])
def test_without_a_key_nothing_is_told(running: Service, path: str, key: str) -> None:
    answer = running.ask("GET", path, headers={"Authorization": key})
    assert answer.status == 401
    assert "key" in answer.json["message"]
    assert answer.headers["www-authenticate"] == "Bearer"


def test_both_keys_open(running: Service) -> None:
    for key in ("first-key", "second-key"):
        headers = {"Authorization": f"Bearer {key}"}
        assert running.ask(body={}, headers=headers).status == 200
        assert running.ask("GET", "/amlplan/manifest", headers=headers).json == {"image": "scorer"}


@pytest.mark.parametrize("path", ["/", "/v2/health/live", "/v2/health/ready", "/metrics"])
def test_health_and_figures_are_open(running: Service, path: str) -> None:
    assert running.ask("GET", path, headers={"Authorization": ""}).status == 200


def test_what_is_not_there_is_told_as_json(running: Service) -> None:
    assert "message" in running.ask("GET", "/nothing").json
    wrong = running.ask("DELETE", "/score")
    assert (wrong.status, "message" in wrong.json) == (405, True)
    assert "POST" in wrong.headers["allow"]


@pytest.mark.parametrize(("version", "field"), [("2", "swagger"), ("3", "openapi")])
def test_swagger_is_served_by_version(running: Service, version: str, field: str) -> None:
    document = running.ask("GET", f"/swagger.json?version={version}").json
    assert document[field].startswith(version)
    assert set(document["paths"]) >= {"/", "/score"}
    assert running.ask("GET", "/swagger.json?version=9").status == 404


def test_a_body_that_is_too_large_is_refused(running: Service) -> None:
    answer = running.ask(body=b"1" * (LIMIT + 1))
    assert (answer.status, "message" in answer.json) == (413, True)
    assert running.ask(body=json.dumps({"echo": "x" * (LIMIT - 100)}).encode()).status == 200


def test_a_body_that_is_too_large_is_refused_before_it_comes(running: Service) -> None:
    head = f"POST /score HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer first-key\r\nContent-Length: {LIMIT + 1}\r\n\r\n"  # noqa: E501
    assert raw(running, head.encode()).startswith(b"HTTP/1.1 413")


def test_an_endless_chunked_body_is_refused_without_reading_it_all(running: Service) -> None:
    with socket.create_connection(("127.0.0.1", running.status.port), timeout=60) as connection:
        head = b"POST /score HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer first-key\r\n"
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        sent = 0
        connection.setblocking(False)
        answer = b""
        while not answer:
            try:
                connection.sendall(chunk)
                sent += 1
            except BlockingIOError:
                pass
            try:
                answer = connection.recv(65536)
            except BlockingIOError:
                assert sent < 10_000, "it reads on for ever"
        assert answer.startswith(b"HTTP/1.1 413")


def test_chunked_bodies_are_put_together(running: Service) -> None:
    connection = running.connect()
    headers = {"Authorization": "Bearer first-key"}
    connection.request("POST", "/score", iter([b'{"ec', b'ho": ', b"7}"]), headers)
    response = connection.getresponse()
    assert json.loads(response.read())["echo"] == 7
    connection.close()


@pytest.mark.parametrize(
    "garbage",
    [b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b"POST /score HTTP/1.1\r\nContent-Length: -1\r\n\r\n"],
)
def test_garbage_on_the_wire_hurts_nobody(running: Service, garbage: bytes) -> None:
    assert raw(running, garbage).startswith(b"HTTP/1.1 400")
    assert running.ask(body={}).status == 200


def test_a_client_that_leaves_hurts_nobody(running: Service) -> None:
    head = b"POST /score HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer first-key\r\nContent-Length: 900\r\n\r\n"  # noqa: E501
    for sent in (head, head + b"1" * 10, head + b"1" * 900):
        with socket.create_connection(("127.0.0.1", running.status.port)) as connection:
            connection.sendall(sent)
    assert running.ask(body={}).status == 200
    wait_until(lambda: "in_flight 0.0" in running.ask("GET", "/metrics").body.decode())


def test_many_clients_get_their_own_answers(running: Service) -> None:
    def one(number: int) -> tuple[int, int]:
        return number, running.ask(body={"echo": number}).json["echo"]

    with ThreadPoolExecutor(16) as pool:
        assert all(asked == got for asked, got in pool.map(one, range(300)))


def test_both_workers_are_used_at_once(running: Service) -> None:
    meet = threading.Barrier(2)

    def one(_: int) -> int:
        meet.wait(60)
        pid: int = running.ask(body={"sleep": 1}).json["pid"]
        return pid

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(one, range(2)))) == 2


def test_figures_tell_what_happened(running: Service) -> None:
    running.ask(body={})
    running.ask(headers={"Authorization": ""})
    text = running.ask("GET", "/metrics").body.decode()
    for line in (
        "amlplan_workers_ready 2.0",
        "amlplan_workers_wanted 2.0",
        "amlplan_worker_restarts_total 0.0",
        'amlplan_revision_info{digest="sha256:r1",revision="r1"} 1.0',
        'amlplan_score_duration_seconds_bucket{le="+Inf"}',
        'amlplan_run_duration_seconds_bucket{le="+Inf"}',
        'amlplan_score_requests_total{status="200"}',
        'amlplan_score_requests_total{status="401"}',
    ):
        assert line in text, text


def test_identifiers_come_back(running: Service) -> None:
    given = {"x-request-id": "a", "x-ms-client-request-id": "b", "TraceId": "c"}
    told = running.ask(body={}, headers=given).headers
    assert {name.lower(): told[name.lower()] for name in given} == {
        name.lower(): value for name, value in given.items()
    }
    assert running.ask(body={}, headers={"x-request-id": "a" * 101}).status == 431
    assert len({running.ask(body={}).headers["x-request-id"] for _ in range(20)}) == 20


def test_the_secret_reaches_the_script_and_no_file(service: Service) -> None:
    script = """
        import os
        def init(): pass
        def run(data): return [os.environ["SECRET"], os.environ["AZUREML_MODEL_DIR"], os.getcwd()]
    """
    service.start().serve(script)
    source = service.spec(script).source
    assert service.ask(body={}).json == ["hidden", str(service.folder), source]
    told = [path for path in service.folder.rglob("*") if path.is_file()]
    assert not [path for path in told if b"hidden" in path.read_bytes()]


def test_ready_is_told_only_once_a_worker_is(service: Service) -> None:
    service.start()
    assert service.ask("GET", "/v2/health/live").status == 200
    assert service.ask("GET", "/v2/health/ready").status == 503
    assert service.ask(body={}).status == 503
    service.client.load(service.spec(), {})
    assert service.ask("GET", "/v2/health/ready").status == 503
    service.client.activate("r1")
    assert service.ask("GET", "/v2/health/ready").status == 200


def test_too_many_at_once_are_refused_and_the_others_answered(service: Service) -> None:
    service.start().serve(ECHO, max_concurrency=2)
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda _: service.ask(body={"sleep": 1}).status, range(6)))
    assert sorted(statuses) == [200, 200, 503, 503, 503, 503]
    assert service.ask(body={}).status == 200


def test_keys_change_on_command_only_and_bad_ones_never(service: Service) -> None:
    service.start().serve()
    before = service.client.status().key_fingerprints
    service.write_keys({"primary": "third-key"})
    assert service.ask(body={}).status == 200
    keys = str(service.folder / "keys.json")
    service.client.use_keys(keys)
    assert service.ask(body={}).status == 401
    assert service.ask(body={}, headers={"Authorization": "Bearer third-key"}).status == 200
    assert service.client.status().key_fingerprints != before
    service.write_keys({"primary": "third-key"}, mode=0o644)
    with pytest.raises(RefusedError, match="0600"):
        service.client.use_keys(keys)
    assert service.ask(body={}, headers={"Authorization": "Bearer third-key"}).status == 200


def test_access_is_opened_and_closed_on_command(service: Service) -> None:
    service.start().serve()
    with Load(service) as load:
        service.client.use_keys(None)
        assert service.client.status().key_fingerprints == {}
        assert service.ask(body={}, headers={"Authorization": ""}).status == 200
        service.client.use_keys(str(service.folder / "keys.json"))
        assert service.ask(body={}, headers={"Authorization": ""}).status == 401
        load.wait_for_more(20)
    assert load.failures == []


def test_who_waits_for_a_worker_is_told_within_the_time_of_a_score(service: Service) -> None:
    script = """
        import os, pathlib, time
        def init():
            mark = pathlib.Path({mark!r})
            if mark.exists(): time.sleep(60)
            mark.touch()
        def run(data): os._exit(1)
    """.format(mark=str(service.folder / "was-here"))
    service.start().serve(script, scoring_timeout=1.0)
    assert service.ask(body={}).status == 502
    begun = time.monotonic()
    answer = service.ask(body={})
    assert (answer.status, answer.json["message"]) == (503, "No worker is ready.")
    assert 1 <= time.monotonic() - begun < 20


def test_without_keys_everybody_may_ask(service: Service) -> None:
    service.key = None
    service.start().serve()
    assert service.ask(body={}).status == 200


OWN_RESPONSE = """
class Response:
    status_code, body = 200, b"x"
    headers = {"X-Request-Id": "mine", "Content-Length": "99", "X-Own": "1"}
class Split(Response):
    headers = {"X-Own": "1\\r\\nX-Evil: 1"}
def init(): pass
def run(data): return Split() if data else Response()
"""


def test_a_script_may_not_speak_for_the_server(service: Service) -> None:
    service.start().serve(OWN_RESPONSE)
    answer = raw(
        service,
        b"POST /score HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Authorization: Bearer first-key\r\nx-request-id: given\r\n\r\n",
    )
    head, _, body = answer.lower().partition(b"\r\n\r\n")
    assert body == b"x"
    assert head.count(b"x-request-id") == 1
    assert head.count(b"content-length") == 1
    assert b"x-own: 1" in head
    split = service.ask(body={})
    assert (split.status, "x-evil" in split.headers) == (500, False)
