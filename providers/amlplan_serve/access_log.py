"""The access log: a line of JSON for each request, written behind the requests' backs.

A request only leaves a note; lines are made and written some moments later, a few at a time. They
never have anything out of a body, a query or an Authorization header.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, Any, NamedTuple

from amlplan_serve.logs import private_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amlplan_serve.answers import Headers, Response

STANDARD_OUTPUT = "-"
PAUSE = 0.25
"""Seconds between two looks for notes."""
AT_ONCE = 100
"""Lines that are made before requests have their turn again."""
WAITING_AT_MOST = 50_000
"""Notes that may wait for a disk; more are counted only."""
LARGEST = 32 * 1024 * 1024
"""Bytes after which a log is put aside, in place of the one before."""
LONGEST_PATH = 200
LONGEST_NUMBER = 19
_TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class Note(NamedTuple):
    """What is kept of a request until its line is written: no more objects than that takes."""

    ended: float
    method: str
    path: str
    status: int
    seconds: float
    took: int | None
    size_in: bytes | None
    size_out: int
    request: bytes | None
    client_request: bytes | None
    trace: bytes | None
    client: str
    revision: str

    def line(self) -> str:
        """The line of the log."""
        run_ms = "" if self.took is None else f'"run_ms": {self.took / 1000:.3f}, '
        return (
            f'{{"time": "{_moment(self.ended)}", "method": {quoted(self.method)}, '
            f'"path": {quoted(self.path[:LONGEST_PATH])}, "status": {self.status}, '
            f'"ms": {self.seconds * 1000:.3f}, '
            f"{run_ms}{_size('bytes_in', self.size_in)}"
            f'"bytes_out": {self.size_out}, '
            f"{_named('request_id', self.request)}"
            f"{_named('client_request_id', self.client_request)}"
            f"{_named('trace_id', _trace_of(self.trace))}"
            f'"client": {quoted(self.client)}, "revision": {quoted(self.revision)}}}\n'
        )


def note_of(
    scope: Mapping[str, Any],
    asked: Mapping[bytes, bytes],
    response: Response,
    identifiers: Headers,
    seconds: float,
    revision: str,
) -> Note:
    """Take from a request and its answer what a line has; called for each request."""
    names = dict(identifiers)
    client = scope.get("client")
    return Note(
        time.time(),
        scope["method"],
        scope["path"],
        response.status,
        seconds,
        response.took,
        asked.get(b"content-length"),
        len(response.body),
        names.get(b"x-request-id"),
        names.get(b"x-ms-client-request-id"),
        asked.get(b"traceparent"),
        client[0] if client else "",
        revision,
    )


class AccessLog:
    """Takes notes and writes lines; made and used in the server's loop."""

    def __init__(self, path: str) -> None:
        """Raise OSError where the log cannot be written."""
        self._path = path
        self._log = 1 if path == STANDARD_OUTPUT else private_log(path)
        self._notes: list[Note] = []
        self._dropped = 0
        self._ending = asyncio.Event()

    def note(self, note: Note) -> None:
        """Remember a request that was answered."""
        if len(self._notes) < WAITING_AT_MOST:
            self._notes.append(note)
        else:
            self._dropped += 1

    async def run(self) -> None:
        """Write what is noted, until `end` is called and the rest is written too."""
        is_ending = False
        while not is_ending:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._ending.wait(), PAUSE)
            is_ending = self._ending.is_set()
            await self.flush()
        if self._path != STANDARD_OUTPUT:
            os.close(self._log)

    def end(self) -> None:
        """Have `run` end soon; may be repeated."""
        self._ending.set()

    async def flush(self) -> None:
        """Write what was noted until now; a disk that is full loses it."""
        notes, self._notes = self._notes, []
        dropped, self._dropped = self._dropped, 0
        lines: list[str] = []
        for start in range(0, len(notes), AT_ONCE):
            lines += [note.line() for note in notes[start : start + AT_ONCE]]
            await asyncio.sleep(0)
        if dropped:
            lines.append(f'{{"time": {quoted(_moment(time.time()))}, "dropped": {dropped}}}\n')
        if lines:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, self._write, lines)

    def _write(self, lines: Iterable[str]) -> None:
        data = "".join(lines).encode()
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self._log, data) :]
            if self._path != STANDARD_OUTPUT and os.fstat(self._log).st_size > LARGEST:
                self._put_aside()

    def _put_aside(self) -> None:
        os.replace(self._path, self._path + ".1")  # noqa: PTH105 - paths are text here
        full, self._log = self._log, private_log(self._path)
        os.close(full)


def _moment(seconds: float) -> str:
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _size(name: str, value: bytes | None) -> str:
    """A number that a client wrote, where it is one."""
    is_number = value is not None and value.isdigit() and len(value) < LONGEST_NUMBER
    return f'"{name}": {int(value or 0)}, ' if is_number else ""


def _named(name: str, value: bytes | None) -> str:
    return f'"{name}": {quoted(value.decode("latin-1"))}, ' if value else ""


def _trace_of(header: bytes | None) -> bytes | None:
    """The trace that a request belongs to, as W3C's Trace Context has it."""
    found = _TRACE.fullmatch(header) if header else None
    return found.group(1) if found else None
