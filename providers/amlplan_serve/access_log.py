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
from typing import TYPE_CHECKING, NamedTuple

from amlplan_serve.logs import private_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amlplan_serve.answers import Headers

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
    """What is kept of a request until its line is written."""

    ended: float
    method: str
    path: str
    status: int
    seconds: float
    size: int
    asked: Mapping[bytes, bytes]
    told: Headers
    client: str
    revision: str

    def line(self) -> str:
        """The line of the log."""
        asked, told = self.asked.get, dict(self.told).get
        length, took = asked(b"content-length"), told(b"x-ms-run-fn-exec-ms")
        size_in = f'"bytes_in": {int(length)}, ' if length and _is_size(length) else ""
        run_ms = f'"run_ms": {took.decode()}, ' if took and _is_figure(took) else ""
        return (
            f'{{"time": "{_moment(self.ended)}", "method": {quoted(self.method)}, '
            f'"path": {quoted(self.path[:LONGEST_PATH])}, "status": {self.status}, '
            f'"ms": {self.seconds * 1000:.3f}, {run_ms}{size_in}"bytes_out": {self.size}, '
            f"{_named('request_id', told(b'x-request-id'))}"
            f"{_named('client_request_id', told(b'x-ms-client-request-id'))}"
            f"{_named('trace_id', _trace_of(asked(b'traceparent')))}"
            f'"client": {quoted(self.client)}, "revision": {quoted(self.revision)}}}\n'
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


def _is_size(value: bytes) -> bool:
    return value.isdigit() and len(value) < LONGEST_NUMBER


def _is_figure(value: bytes) -> bool:
    whole, _, part = value.partition(b".")
    return _is_size(whole) and _is_size(part)


def _named(name: str, value: bytes | None) -> str:
    return f'"{name}": {quoted(value.decode("latin-1"))}, ' if value else ""


def _trace_of(header: bytes | None) -> bytes | None:
    """The trace that a request belongs to, as W3C's Trace Context has it."""
    found = _TRACE.fullmatch(header) if header else None
    return found.group(1) if found else None
