"""What came from a client, and the arguments that scripts get out of it."""

import json
import urllib.parse

from amlplan_serve.inside.wire import parted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class RefusedError(Exception):
    """A request that is answered without `run`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Request:
    """What came from the client, with header names as WSGI writes them."""

    def __init__(self, payload: bytes) -> None:
        about: "Any"
        about, self.body = parted(payload)
        self.method = str(about["method"])
        self.query = str(about["query"])
        self.headers = {}  # type: dict[str, str]
        for name, value in about["headers"]:
            title = name.title()
            known = self.headers.get(title)
            self.headers[title] = value if known is None else known + "," + value


def text_of(body: bytes) -> str:
    """The body as text; raises RefusedError."""
    try:
        return str(body, "utf-8")
    except UnicodeDecodeError as failure:
        raise RefusedError(400, f"Input cannot be decoded as UTF-8: {failure}") from None


def query_values(query: str) -> "dict[str, object]":
    """Read a query's arguments as JSON where they are JSON; a repeated one makes a list."""
    found = {}  # type: dict[str, object]
    for name, texts in urllib.parse.parse_qs(query, keep_blank_values=True).items():
        values = [json_or_text(text) for text in texts]
        found[name] = values[0] if len(values) == 1 else values
    return found


def json_or_text(text: str) -> object:
    """Read JSON; text that is none stays what it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def json_body(request: Request) -> "dict[str, object]":
    """Read the body as a JSON dictionary, which decorated functions take; raises RefusedError."""
    if not is_json(request.headers.get("Content-Type", "")):
        raise RefusedError(415, "Expects Content-Type to be application/json")
    if not request.body:
        raise RefusedError(400, "POST body is empty. Expecting a JSON dictionary.")
    try:
        body = json.loads(request.body)
    except ValueError as failure:
        raise RefusedError(400, f"POST body could not be decoded as JSON: {failure}") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "POST body should be a JSON dictionary.")
    return body


def is_json(content_type: str) -> bool:
    """Whether a content type says JSON, or something that is written as JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )
