"""Answers as the front sends them, made from what a worker said or from a message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, List, NamedTuple, Tuple

from amlplan_serve import frames

if TYPE_CHECKING:
    from amlplan_serve.frames import Frame

Headers = List[Tuple[bytes, bytes]]

JSON_TYPE = (b"content-type", b"application/json")
TEXT_TYPE = (b"content-type", b"text/html; charset=utf-8")
NOT_FAILED = (b"x-ms-run-function-failed", b"False")
NEVER_PASSED = frozenset((b"authorization",))
FINAL = range(200, 600)
"""What HTTP has for answers that are the last."""
OURS = frozenset(("x-request-id", "x-ms-request-id", "x-ms-server-version"))
"""Told by the server itself, whatever a script says of them."""
HOP_BY_HOP = frozenset(("connection", "content-length", "transfer-encoding", "keep-alive"))


class Response(NamedTuple):
    """An answer: its status, its headers without the content's length, and its body.

    `took` is the microseconds that `run` needed, where it came to its end.
    """

    status: int
    headers: Headers
    body: bytes
    took: int | None = None


def message(status: int, text: str, *more: tuple[bytes, bytes]) -> Response:
    """An answer that has a message only."""
    body = json.dumps({"message": text}).encode()
    return Response(status, [JSON_TYPE, NOT_FAILED, *more], body)


def response_of(frame: Frame) -> Response:
    """What a worker answered, as HTTP."""
    if frame.kind == frames.VALUE:
        spent = (b"x-ms-run-fn-exec-ms", b"%.3f" % (frame.microseconds / 1000))
        return Response(200, [JSON_TYPE, NOT_FAILED, spent], frame.payload, frame.microseconds)
    try:
        head, body = frames.parted(frame.payload)
        headers = [
            (name.encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in head["headers"]
            if name not in HOP_BY_HOP and name not in OURS
        ]
        status = int(head["status"])
    except (frames.BrokenFrameError, ValueError, KeyError, TypeError, AttributeError):
        return message(502, "The scoring process gave an answer that is none.")
    if status not in FINAL:
        return message(502, "The scoring process gave an answer that is none.")
    took = frame.microseconds if head.get("timed") else None
    if took is not None:
        headers.append((b"x-ms-run-fn-exec-ms", b"%.3f" % (took / 1000)))
    return Response(status, headers, body, took)


def told(method: str, query: bytes, headers: Headers) -> dict[str, Any]:
    """What a script may know of a request besides its body; keys are not for scripts."""
    passed = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name not in NEVER_PASSED
    ]
    return {"method": method, "query": query.decode("latin-1"), "headers": passed}
