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
        told = dict(self.told)
        fields = {
            "time": quoted(_moment(self.ended)),
            "method": quoted(self.method),
            "path": quoted(self.path[:LONGEST_PATH]),
            "status": str(self.status),
            "ms": f"{self.seconds * 1000:.3f}",
            "run_ms": _number(told.get(b"x-ms-run-fn-exec-ms")),
            "bytes_in": _number(self.asked.get(b"content-length")),
            "bytes_out": str(self.size),
            "request_id": _text(told.get(b"x-request-id")),
            "client_request_id": _text(told.get(b"x-ms-client-request-id")),
            "trace_id": _text(_trace_of(self.asked.get(b"traceparent"))),
            "client": quoted(self.client),
            "revision": quoted(self.revision),
        }
        pairs = ", ".join(f'"{name}": {value}' for name, value in fields.items() if value)
        return "{" + pairs + "}\n"


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
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"


def _number(value: bytes | None) -> str:
    text = (value or b"").decode("latin-1")
    return text if re.fullmatch(r"\d{1,18}(\.\d{1,9})?", text, re.ASCII) else ""


def _text(value: bytes | None) -> str:
    return quoted(value.decode("latin-1")) if value else ""


def _trace_of(header: bytes | None) -> bytes | None:
    """The trace that a request belongs to, as W3C's Trace Context has it."""
    found = _TRACE.fullmatch(header or b"")
    return found.group(1) if found else None
