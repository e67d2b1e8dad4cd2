"""The access log of a real server, and the pages that may ask it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.service import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from harness.service import Service

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def lines_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_requests_are_in_the_log_without_their_contents(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    service.start(access_log=str(path), body_limit=1000).serve()
    given = {"x-ms-client-request-id": "mine", "traceparent": TRACE}
    told = service.ask(body={"echo": "in-the-body"}, headers=given).headers
    service.ask("GET", "/score?in-the-query=1")
    service.ask(headers={"Authorization": "Bearer in-the-key"})
    service.ask(body=b"1" * 2000)
    service.ask("GET", "/")
    service.ask("GET", "/nothing")
    wait_until(lambda: len(lines_in(path)) >= 5)
    first, *others = lines_in(path)
    assert [line["status"] for line in others] == [200, 401, 413, 404]
    assert first["status"] == 200
    assert first["request_id"] == told["x-request-id"]
    assert first["client_request_id"] == "mine"
    assert first["trace_id"] == TRACE.split("-")[1]
    assert first["revision"] == "r1"
    assert first["bytes_out"] == int(told["content-length"])
    assert 0 < first["run_ms"] <= first["ms"]
    for hidden in ("in-the-body", "in-the-query", "in-the-key", "first-key"):
        assert hidden not in path.read_text()


def test_what_was_answered_last_is_in_the_log_when_the_server_ended(
    service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "access.log"
    service.start(access_log=str(path)).serve()
    for _ in range(20):
        service.ask(body={})
    service.stop()
    assert len(lines_in(path)) == 20


def test_a_browser_may_ask_from_the_pages_that_env_names(service: Service) -> None:
    origin = {"Origin": "https://a.example.com"}
    preflight = {**origin, "Access-Control-Request-Method": "POST", "Authorization": ""}
    service.start().serve(variables={"AML_CORS_ORIGINS": "https://a.example.com"})
    asked = service.ask("OPTIONS", headers=preflight)
    assert asked.status == 200
    assert asked.headers["access-control-allow-methods"] == "GET, POST"
    for headers, status in (({}, 200), ({"Authorization": ""}, 401)):
        answer = service.ask(body={}, headers={**origin, **headers})
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "https://a.example.com"
    other = service.ask(body={}, headers={"Origin": "https://b.example.com"})
    assert "access-control-allow-origin" not in other.headers
