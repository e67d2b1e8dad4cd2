"""Bodies of requests, of a known length or in chunks: into memory or into a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO

from amlplan_endpoint.answers import INVALID, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path

    from amlplan_endpoint.answers import Json

LARGEST_DOCUMENT = 64 * 1024 * 1024
PIECE = 1024 * 1024


class BrokenOffError(OSError):
    """The client ended within its request."""


class Body:
    """The body of one request; `is_read` tells whether all of it was taken."""

    def __init__(self, headers: Message, stream: BinaryIO) -> None:
        self._stream = stream
        self._is_chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
        self._length = _length(headers)
        self.is_read = not self._is_chunked and self._length == 0

    def document(self) -> Json:
        """The JSON object that it is, {} for none; raises Refusal."""
        data = bytearray()
        for piece in self._pieces():
            data += piece
            if len(data) > LARGEST_DOCUMENT:
                raise Refusal(INVALID, f"The request has more than {LARGEST_DOCUMENT} bytes.")
        if not data:
            return {}
        try:
            document = json.loads(data, parse_constant=str)
        except (ValueError, RecursionError) as failure:
            raise Refusal(INVALID, f"The request is no JSON: {failure}.") from failure
        if not isinstance(document, dict):
            raise Refusal(INVALID, "The request has to be a JSON object.")
        return document

    def save(self, path: Path) -> int:
        """Move it into a new file, whose size this gives; raises OSError."""
        size = 0
        with path.open("xb") as file:
            for piece in self._pieces():
                file.write(piece)
                size += len(piece)
        return size

    def _pieces(self) -> Iterator[bytes]:
        if self._is_chunked:
            yield from self._chunks()
        else:
            yield from self._exactly(self._length)
        self.is_read = True

    def _chunks(self) -> Iterator[bytes]:
        while True:
            try:
                size = int(self._line().split(b";")[0].strip(), 16)
            except ValueError as failure:
                raise Refusal(INVALID, "The chunks of the request are broken.") from failure
            if size <= 0:
                break
            yield from self._exactly(size)
            self._line()
        while self._line().strip():
            pass

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length > 0:
            piece = self._stream.read(min(length, PIECE))
            if not piece:
                raise BrokenOffError("the client ended within its request")
            length -= len(piece)
            yield piece

    def _line(self) -> bytes:
        line = self._stream.readline(4096)
        if not line.endswith(b"\n"):
            raise BrokenOffError("the client ended within its request")
        return line


def _length(headers: Message) -> int:
    text = headers.get("Content-Length", "0").strip()
    if not (text.isascii() and text.isdecimal()):
        raise Refusal(INVALID, "Content-Length is no number.")
    return int(text)
