"""One connection to an HTTP server that is asked for answers, one request at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, List, NamedTuple, Tuple, cast

import httptools

if TYPE_CHECKING:
    from collections.abc import Sequence

Fields = List[Tuple[str, str]]

INFORMATIONAL = range(100, 200)
NEVER_SENT_ON = frozenset(
    (
        *("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect"),
        *("host", "content-length", "proxy-connection", "proxy-authorization", "authorization"),
    )
)
"""Headers that are about one connection, or for the front alone."""


class HttpAnswer(NamedTuple):
    """What a server answered."""

    status: int
    headers: Fields
    body: bytes


class DeadConnectionError(Exception):
    """The connection ended before the answer did; `began` tells that some of it had come."""

    def __init__(self, *, began: bool) -> None:
        super().__init__("the connection ended")
        self.began = began


def request_of(
    method: str, target: str, host: str, headers: Sequence[tuple[str, str]], body: bytes
) -> bytes:
    """A request as it is sent."""
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in NEVER_SENT_ON]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


class HttpConnection(asyncio.Protocol):
    """A connection that may be used again and again, while `is_reusable`."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self._is_head = False
        self.is_reusable = True
        self.was_used = False
        self._begin()

    async def ask(self, request: bytes, *, is_head: bool = False) -> HttpAnswer:
        """Send a request and wait for its answer; raises DeadConnectionError.

        Cancelling it closes the connection: what comes then belongs to nobody.
        """
        if self._transport is None or not self.is_reusable:
            raise DeadConnectionError(began=False)
        self._answer = asyncio.get_running_loop().create_future()
        self._is_head = is_head
        self._transport.write(request)
        try:
            return await self._answer
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._answer = None
            self.was_used = True

    def close(self) -> None:
        """Close it; may be repeated."""
        self.is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what requests are written to."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on in the answer; what is none ends the connection."""
        if self._answer is None:
            self.close()  # nobody asked
            return
        self._began = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.close()

    def connection_lost(self, _: Exception | None) -> None:
        """Give an answer that ends with its connection; else tell that this is dead."""
        self.is_reusable = False
        if self._answer is None or self._answer.done():
            return
        if self._has_head and self._ends_with_connection:
            self._finish()
        else:
            self._answer.set_exception(DeadConnectionError(began=self._began))

    # httptools calls these.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Know how the answer ends."""
        self._has_head = True
        names = {name for name, _ in self._headers}
        self._ends_with_connection = not names & {"content-length", "transfer-encoding"}
        if self._is_head:
            self.is_reusable = False  # the parser would wait for a body
            self._finish()

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._body.append(data)

    def on_message_complete(self) -> None:
        """Give the answer, unless it only says that one will come."""
        if self._parser.get_status_code() in INFORMATIONAL:
            self._headers.clear()
            self._has_head = False
            return
        self.is_reusable = self.is_reusable and self._parser.should_keep_alive()
        self._finish()

    def _begin(self) -> None:
        """Be ready for the next answer."""
        self._parser = httptools.HttpResponseParser(self)
        self._headers: Fields = []
        self._body: list[bytes] = []
        self._began = self._has_head = False
        self._ends_with_connection = False

    def _finish(self) -> None:
        answer = HttpAnswer(self._parser.get_status_code(), self._headers, b"".join(self._body))
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
        if self.is_reusable:
            asyncio.get_running_loop().call_soon(self._begin)
        else:
            self.close()
