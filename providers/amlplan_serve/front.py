"""The HTTP side: a plain ASGI application with the routes of a scoring service."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from amlplan_serve import frames
from amlplan_serve.access_log import note_of
from amlplan_serve.answers import (
    JSON_TYPE,
    NOT_FAILED,
    TEXT_TYPE,
    Response,
    message,
    response_of,
    told,
)
from amlplan_serve.described import UNKNOWN
from amlplan_serve.identifiers import Identifiers
from amlplan_serve.pool import OverloadedError
from amlplan_serve.swagger import ALIASES, invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from amlplan_serve.access_log import AccessLog
    from amlplan_serve.answers import Headers
    from amlplan_serve.keys import Keys
    from amlplan_serve.measures import Measures
    from amlplan_serve.pool import Pool
    from amlplan_serve.revisions import Revisions

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CLOSE = (b"connection", b"close")
METRICS_TYPE = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
FAILED = 400
PROBES = frozenset(("/", "/v2/health/live", "/v2/health/ready", "/metrics"))
"""Asked by machines all the time: the access log has them only where they fail."""
LINGERING = 2.0
"""Seconds that a client may go on sending a body that is too large, so that it reads the answer."""


class TooLargeError(Exception):
    """A body is longer than it may be."""


class GoneError(Exception):
    """The client left before its request was complete."""


class Front:
    """The ASGI application; made and called in the server's loop.

    `keys` open it, None lets everybody in. `port` and `scheme` are how the server listens
    now.
    """

    def __init__(
        self,
        revisions: Revisions,
        measures: Measures,
        keys: Keys | None,
        *,
        body_limit: int,
        version: str,
        access_log: AccessLog | None = None,
    ) -> None:
        self._revisions = revisions
        self._measures = measures
        self.keys = keys
        self._body_limit = body_limit
        self._identifiers = Identifiers(version)
        self._access_log = access_log
        self.port = 0
        self.scheme = "http"
        self.is_closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        identifiers, refused = self._identifiers.of(headers)
        is_score = scope["path"] == "/score"
        if is_score:
            self._measures.in_flight += 1
        try:
            if refused is None:
                refused = self._refusal(scope, headers)
            if refused is not None:
                response = refused
            elif is_score:
                response = await self._score(scope, headers, receive)
            else:
                response = self._other(scope["method"], scope["path"], scope["query_string"])
            self._count(scope, headers, identifiers, response, time.perf_counter() - started)
        except TooLargeError:
            response = message(413, "The body is larger than this service takes.")
            self._count(scope, headers, identifiers, response, time.perf_counter() - started)
            await self._refuse_body(response, identifiers, receive, send)
            return
        except GoneError:
            return
        finally:
            if is_score:
                self._measures.in_flight -= 1
        await self._send(scope, response, identifiers, send)

    def _count(
        self,
        scope: Scope,
        headers: dict[bytes, bytes],
        identifiers: Headers,
        response: Response,
        seconds: float,
    ) -> None:
        """Count an answer, leave a note of it, and say which pages may read it."""
        path, active = scope["path"], self._revisions.active
        if path == "/score":
            self._measures.count(response.status, seconds, response.took)
        if active is not None and active.description.cross_origin is not None:
            identifiers += active.description.cross_origin.headers(scope["method"], headers)
        if self._access_log is None or (response.status < FAILED and path in PROBES):
            return
        revision = active.spec.revision if active is not None else ""
        self._access_log.note(note_of(scope, headers, response, identifiers, seconds, revision))

    def limit_bodies(self, limit: int) -> None:
        """Refuse bodies that are longer than this many bytes, from now on."""
        self._body_limit = limit

    async def answer(
        self, pool: Pool, method: str, query: bytes, headers: Headers, body: bytes
    ) -> Response:
        """Have a pool answer; raises nothing, its failures are answers."""
        try:
            if pool.description.needs_only_body and method == "POST":
                frame = await pool.submit(frames.BODY, body)
            else:
                frame = await pool.submit(
                    frames.REQUEST, frames.with_head(told(method, query, headers), body)
                )
        except OverloadedError:
            return message(503, "Too many requests are under way.", (b"retry-after", b"1"))
        return response_of(frame)

    async def _score(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Response:
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._body_limit:
            raise TooLargeError
        event = await receive()
        body: bytes = event.get("body", b"")
        if event.get("more_body"):
            body = await self._rest(body, receive)
        elif event["type"] != "http.request":
            raise GoneError
        elif len(body) > self._body_limit:
            raise TooLargeError
        pool = self._revisions.active
        if pool is None:
            return message(503, "No revision is active.", (b"retry-after", b"1"))
        return await self.answer(
            pool, scope["method"], scope["query_string"], scope["headers"], body
        )

    async def _rest(self, first: bytes, receive: Receive) -> bytes:
        parts, size = [first], len(first)
        while True:
            event = await receive()
            if event["type"] != "http.request":
                raise GoneError
            parts.append(event.get("body", b""))
            size += len(parts[-1])
            if size > self._body_limit:
                raise TooLargeError
            if not event.get("more_body"):
                return b"".join(parts)

    async def _send(
        self, scope: Scope, response: Response, identifiers: Headers, send: Send
    ) -> None:
        length = (b"content-length", b"%d" % len(response.body))
        headers = [*response.headers, length, *identifiers]
        if self.is_closing or (scope["server"][1], scope["scheme"]) != (self.port, self.scheme):
            headers.append(CLOSE)  # the server ends, or listens elsewhere or otherwise by now
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else response.body
        await send({"type": "http.response.body", "body": body})

    async def _refuse_body(
        self, response: Response, identifiers: Headers, receive: Receive, send: Send
    ) -> None:
        """Answer at once, but let the client send on for a while: a reset would lose the answer."""
        length = (b"content-length", b"%d" % len(response.body))
        headers = [*response.headers, length, *identifiers, CLOSE]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(_to_the_end(receive), LINGERING)
        await send({"type": "http.response.body", "body": b""})

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> Response | None:
        """Why a request is not let in, if so."""
        route = ROUTES.get(scope["path"])
        if route is None:
            return message(404, "There is nothing at this address.")
        methods, is_open = route
        if scope["method"] not in methods:
            allowed = (b"allow", ", ".join(sorted(methods)).encode())
            return message(405, "The method is not allowed at this address.", allowed)
        if is_open or self.keys is None:
            return None
        if self.keys.accept(headers.get(b"authorization", b"")):
            return None
        if scope["method"] == "OPTIONS":  # a browser asks without a key whether it may ask
            return Response(200, [TEXT_TYPE], b"")
        text = "A key is needed: send it as Authorization: Bearer KEY."
        return message(401, text, (b"www-authenticate", b"Bearer"))

    def _other(self, method: str, path: str, query: bytes) -> Response:
        if method == "OPTIONS":
            return Response(200, [TEXT_TYPE], b"")
        active = self._revisions.active
        if path in {"/", "/v2/health/live"}:
            return Response(200, [TEXT_TYPE], b"Healthy")
        if path == "/v2/health/ready":
            is_ready = active is not None and active.is_ready and not self.is_closing
            return Response(200, [TEXT_TYPE], b"Ready") if is_ready else message(503, "Not ready.")
        if path == "/metrics":
            return Response(200, [METRICS_TYPE], self._measures.text())
        if path == "/swagger.json":
            return _swagger(active, query)
        return _manifest(active)


async def _to_the_end(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        continue


SCORE = frozenset(("GET", "POST", "OPTIONS", "HEAD"))
READ = frozenset(("GET", "HEAD", "OPTIONS"))
ROUTES: dict[str, tuple[frozenset[str], bool]] = {
    "/": (READ, True),
    "/score": (SCORE, False),
    "/swagger.json": (READ, False),
    "/v2/health/live": (READ, True),
    "/v2/health/ready": (READ, True),
    "/metrics": (READ, True),
    "/amlplan/manifest": (READ, False),
}
"""The methods of each address, and whether it is open to everybody."""


def _swagger(active: Pool | None, query: bytes) -> Response:
    version = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("version", ["2"])[0]
    description = active.description if active is not None else UNKNOWN
    document = description.swagger(ALIASES.get(version, ""))
    if document is None:
        return message(404, invalid(version, description.versions))
    return Response(200, [JSON_TYPE, NOT_FAILED], document)


def _manifest(active: Pool | None) -> Response:
    manifest = active.manifest() if active is not None else None
    if manifest is None:
        return message(404, "The active revision has no manifest.")
    return Response(200, [JSON_TYPE], manifest)
