"""Answers are those of azureml-inference-server-http: both serve the same script here."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from harness import azmlinfsrv
from harness.service import PATIENCE, Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = """
import json, time
def init(): pass
def run(data):
    asked = json.loads(data) if data else data
    match asked:
        case {"raise": _}: raise ValueError("no")
        case {"exit": _}: return exit
        case {"sleep": seconds}: time.sleep(seconds)
        case "none": return None
        case "text": return 'a "text" with ü'
        case "set": return {1, 2}
        case "bytes": return b"bytes"
        case "nan": return float("nan")
        case "tuple": return (1, [2.5, True, None])
        case "int": return 3
    return {"data": data, "type": type(data).__name__}
"""
HEADERS = """
import json
def init(): pass
def run(data, request_headers):
    names = ("Content-Type", "X-Own-Header", "X-Ms-Request-Id", "Content-Length")
    return [data, {name: request_headers.get(name) for name in names}]
"""
RAW = """
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse
from flask import Response
def init(): pass
@rawhttp
def run(request):
    asked = request.args.get("how")
    if asked == "image": return AMLResponse(b"\\x00\\xff", 201, {"Content-Type": "image/png"})
    if asked == "json": return AMLResponse({"a": 1}, 418, json_str=True)
    if asked == "none": return AMLResponse(None, 200)
    if asked == "fail": return AMLResponse("down", 503, {"X-Own": "a,b"})
    if asked == "flask": return Response("plain", status=202, mimetype="text/plain")
    if asked == "raise": raise ValueError("no")
    return [request.method, request.path, request.get_data(as_text=True), dict(request.args),
            request.headers.get("X-Own"), request.get_json(silent=True), request.content_type]
"""
SCHEMA = """
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
def init(): pass
@input_schema("rows", StandardPythonParameterType([1.0]))
@input_schema("scale", StandardPythonParameterType(2))
def run(rows, scale=2):
    return [row * scale for row in rows]
"""
JSON = {"Content-Type": "application/json"}
OWN = {**JSON, "X-Own-Header": "mine", "x-ms-request-id": "given"}
Request = tuple[str, str, bytes | None, dict[str, str]]

PLAIN_REQUESTS: list[Request] = [
    *[("POST", "/score", json.dumps(asked).encode(), JSON) for asked in (
        {"a": 1}, {"raise": 1}, {"exit": 1}, "none", "text", "set", "bytes", "nan", "tuple", "int",
        "ü", [1, 2], None, 0,
    )],
    ("POST", "/score", b'{"spaces" : "kept" }\n', {}),
    ("POST", "/score", b"{broken", JSON),
    ("POST", "/score", b"\xff\xfe", JSON),
    ("POST", "/score", b"", JSON),
    ("POST", "/score?a=1", b"{}", JSON),
    ("GET", "/score", None, {}),
    ("GET", "/score?a=1&b=[1,2]&c=x&d=null&e=%C3%BC&f=", None, {}),
    ("GET", "/score?a=1&a=two&b=3", None, {}),
    ("OPTIONS", "/score", None, {}),
    ("HEAD", "/score", None, {}),
    ("PUT", "/score", b"{}", JSON),
    ("GET", "/", None, {}),
    ("HEAD", "/", None, {}),
    ("POST", "/", b"", {}),
    ("GET", "/nothing", None, {}),
    ("POST", "/score", b"{}", {"x-request-id": "one"}),
    ("POST", "/score", b"{}", {"x-ms-request-id": "two"}),
    ("POST", "/score", b"{}", {"x-ms-client-request-id": "three"}),
    ("POST", "/score", b"{}", {"x-ms-request-id": "4", "x-ms-client-request-id": "5"}),
    ("POST", "/score", b"{}", {"x-request-id": "6" * 101}),
    ("POST", "/score", b"{}", {"x-request-id": "7" * 100}),
    ("POST", "/score", b"{}", {"x-ms-request-id": "8" * 101}),
    ("POST", "/score", b"{}", {"x-ms-client-request-id": "9" * 101}),
    ("POST", "/score", b"{}", {"TraceId": "ten"}),
    ("GET", "/swagger.json?version=9", None, {}),
]  # fmt: skip
HEADER_REQUESTS: list[Request] = [
    ("POST", "/score", b"{}", OWN),
    ("POST", "/score", b"", {}),
    ("GET", "/score?a=1", None, OWN),
]
RAW_REQUESTS: list[Request] = [
    *[("POST", f"/score?how={how}", b"{}", JSON) for how in (
        "image", "json", "none", "fail", "flask", "raise", "other",
    )],
    ("GET", "/score?a=1&a=2", None, {"X-Own": "mine"}),
    ("OPTIONS", "/score", None, {}),
    ("POST", "/score", b"\xff", {"Content-Type": "image/png"}),
]  # fmt: skip
SCHEMA_REQUESTS: list[Request] = [
    *[("POST", "/score", body, JSON) for body in (
        b'{"rows": [1, 2], "scale": 3}', b'{"rows": [1.5]}', b'{"scale": 3}', b"[]", b"", b"{",
        b'{"rows": "text"}', b'{"rows": [1], "more": 1}', b"null",
    )],
    ("POST", "/score", b'{"rows": [1]}', {"Content-Type": "application/vnd.a+json"}),
    ("POST", "/score", b'{"rows": [1]}', {"Content-Type": "application/json; charset=utf-8"}),
    ("POST", "/score", b'{"rows": [1]}', {"Content-Type": "text/plain"}),
    ("POST", "/score", b'{"rows": [1]}', {}),
    ("GET", "/score?rows=[1,2]", None, {}),
    ("GET", "/score?scale=2", None, {}),
]  # fmt: skip
COMPARED = (
    "content-type",
    "x-ms-run-function-failed",
    "x-own",
    "x-ms-client-request-id",
    "traceid",
)
OURS_ALONE = {"/", "/nothing", "/score"}
"""Addresses where a message that comes from neither script nor contract may have other words."""


@pytest.fixture(scope="module")
def environment() -> Path:
    try:
        return azmlinfsrv.environment()
    except azmlinfsrv.UnavailableError as failure:
        pytest.skip(f"azureml-inference-server-http cannot be installed: {failure}")


@contextmanager
def both(folder: Path, environment: Path, script: str, **variables: str) -> Iterator[list[int]]:
    """Serve a script by both servers; gives their port and ours."""
    service = Service(folder, key=None).start()
    try:
        timeout = float(variables.get("SCORING_TIMEOUT_MS", "60000")) / 1000
        python = str(environment / "bin/python")
        service.serve(script, interpreter=python, scoring_timeout=timeout)
        with azmlinfsrv.served(environment, folder / "source-r1", **variables) as port:
            yield [port, service.status.port]
    finally:
        service.stop()


def answer_to(port: int, request: Request) -> dict[str, Any]:
    method, path, body, headers = request
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        content = response.read()
    finally:
        connection.close()
    answer: dict[str, Any] = {name: told.get(name) for name in COMPARED}
    answer["timed"] = "x-ms-run-fn-exec-ms" in told
    if any(name.startswith("x-") for name in headers):
        answer["ids"] = [told.get("x-request-id") == headers.get("x-request-id")]
        answer["ids"].append(told.get("x-ms-request-id") in headers.values())
    is_wording = path in OURS_ALONE and response.status in {404, 405}
    return answer | {"status": response.status, "body": "words" if is_wording else content}


def differences(ports: list[int], requests: list[Request]) -> list[Any]:
    found = []
    for request in requests:
        theirs, ours = (answer_to(port, request) for port in ports)
        if theirs["body"] == "words" or request[1] == "/nothing":
            theirs["x-ms-run-function-failed"] = ours["x-ms-run-function-failed"]
        if theirs != ours:
            found.append((request, theirs, ours))
    return found


@pytest.mark.parametrize(
    ("script", "requests"),
    [
        pytest.param(PLAIN, PLAIN_REQUESTS, id="plain"),
        pytest.param(HEADERS, HEADER_REQUESTS, id="request_headers"),
        pytest.param(RAW, RAW_REQUESTS, id="rawhttp"),
        pytest.param(SCHEMA, SCHEMA_REQUESTS, id="input_schema"),
    ],
)
def test_answers_are_the_same(
    tmp_path: Path, environment: Path, script: str, requests: list[Request]
) -> None:
    with both(tmp_path, environment, script) as ports:
        assert differences(ports, requests) == []


def test_a_timeout_is_told_the_same_way(tmp_path: Path, environment: Path) -> None:
    request: Request = ("POST", "/score", b'{"sleep": 30}', JSON)
    with both(tmp_path, environment, PLAIN, SCORING_TIMEOUT_MS="2000") as ports:
        assert differences(ports, [request, ("POST", "/score", b"{}", JSON)]) == []


def test_where_ours_differs_on_purpose(tmp_path: Path, environment: Path) -> None:
    form: Request = (
        "POST",
        "/score",
        b"[1]",
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    with both(tmp_path, environment, PLAIN) as ports:
        theirs, ours = (answer_to(port, form) for port in ports)
    assert b'"data": ""' in theirs["body"]  # what curl sends without a type is lost
    assert b'"data": "[1]"' in ours["body"]


def test_text_that_is_none_is_the_clients_mistake(tmp_path: Path, environment: Path) -> None:
    broken: Request = ("POST", "/score", b'{"rows": "\xff"}', JSON)
    with both(tmp_path, environment, SCHEMA) as ports:
        theirs, ours = (answer_to(port, broken) for port in ports)
    assert (theirs["status"], ours["status"]) == (500, 400)


@pytest.mark.parametrize("version", ["2", "3", "3.1"])
def test_swagger_describes_the_same_addresses(
    tmp_path: Path, environment: Path, version: str
) -> None:
    request: Request = ("GET", f"/swagger.json?version={version}", None, {})
    with both(tmp_path, environment, PLAIN) as ports:
        theirs, ours = (json.loads(answer_to(port, request)["body"]) for port in ports)
    for path in ("/", "/score"):
        assert theirs["paths"][path].keys() == ours["paths"][path].keys()
    assert {name: theirs.get(name) for name in ("swagger", "openapi")} == {
        name: ours.get(name) for name in ("swagger", "openapi")
    }
