"""Answers: what `run` gave, or what went wrong, as a payload for the server."""

import json
import time
import traceback

from amlplan_serve.inside.requests import RefusedError, Request
from amlplan_serve.inside.wire import ANSWER, BODY, VALUE, with_head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from amlplan_serve.inside.script import Script

PLAIN = frozenset((dict, list, str, int, float, bool, type(None)))
RUN_FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."
RESULT_FAILED = "An unexpected internal error occurred. Check the logs for more info."


def answer_of(script: "Script", kind: int, payload: bytes) -> "tuple[int, int, bytes]":
    """Answer one request, whatever happens in it: kind, microseconds and payload."""
    try:
        if kind == BODY:
            return _run(script, script.arguments_of_body(payload))
        request = Request(payload)
        with script.context_of(request):
            return _run(script, script.arguments_of(request))
    except RefusedError as refused:
        return ANSWER, 0, error(refused.status, refused.message)
    except Exception:  # noqa: BLE001 - flask, of whatever version the script brought
        traceback.print_exc()
        return ANSWER, 0, error(500, RESULT_FAILED)


def _run(script: "Script", arguments: "dict[str, object]") -> "tuple[int, int, bytes]":
    started = time.perf_counter()
    try:
        result = script.run(**arguments)
    except BaseException:  # noqa: BLE001 - a script that calls exit() is still to be answered
        traceback.print_exc()
        return ANSWER, 0, error(500, RUN_FAILED, failed=True)
    took = min(int((time.perf_counter() - started) * 1e6), 0xFFFFFFFF)
    try:
        if type(result) not in PLAIN and is_response(result):
            return ANSWER, took, answer_of_response(result)
        return VALUE, took, json.dumps({} if result is None else result).encode()
    except BaseException:  # noqa: BLE001 - objects of the user, which may do anything
        traceback.print_exc()
        return ANSWER, 0, error(500, RESULT_FAILED)


def is_response(result: object) -> bool:
    """Whether a result is an HTTP response, as flask's, AMLResponse or starlette's are."""
    has_body = hasattr(result, "get_data") or hasattr(result, "body")
    return hasattr(result, "status_code") and hasattr(result, "headers") and has_body


def answer_of_response(result: "Any") -> bytes:
    """Take status, headers and body from a response object."""
    status = int(result.status_code)
    headers = [header_of(name, value) for name, value in result.headers.items()]
    if status >= 500:  # noqa: PLR2004 - what HTTP calls a failure of the server
        headers = [item for item in headers if item[0] != "x-ms-run-function-failed"]
        headers.append(["x-ms-run-function-failed", "True"])
    return with_head({"status": status, "headers": headers, "timed": True}, body_of(result))


def header_of(name: object, value: object) -> "list[str]":
    """A header of a response; raises ValueError where it would be more than one."""
    header = [str(name).lower(), str(value)]
    if any(character in part for part in header for character in "\r\n\0"):
        raise ValueError("A header may not have a line break in it: %r" % (header,))
    return header


def body_of(result: "Any") -> bytes:
    """The body of a response, also of one that makes it piece by piece."""
    if not hasattr(result, "get_data"):
        body = result.body
        return body.encode() if isinstance(body, str) else bytes(body)
    if getattr(result, "direct_passthrough", False):  # a file, as send_file gives it
        result.direct_passthrough = False
    body = result.get_data()
    if hasattr(result, "close"):
        result.close()
    return bytes(body)


def error(status: int, message: str, failed: bool = False) -> bytes:  # noqa: FBT001, FBT002
    """Make an answer that has nothing but a message, or not even that."""
    kind = "application/json" if message else "text/html; charset=utf-8"
    headers = [["content-type", kind], ["x-ms-run-function-failed", str(failed)]]
    body = json.dumps({"message": message}) if message else ""
    return with_head({"status": status, "headers": headers, "timed": False}, body.encode())
