"""An event file made of lines that a script wrote; what is no event is counted and told."""

from __future__ import annotations

import errno
import json
import os
import time
from typing import TYPE_CHECKING

from amlplan_local.script_lines import NotAnEventError, encoded, event_of, shown

if TYPE_CHECKING:
    from pathlib import Path

TOLD = 10
"""Lines that are no events which are told one by one; the rest are counted."""
_COMPLAINT = b'{"type":"error","t":'
"""How a line begins that tells of one that was refused; events begin with their number."""
PIECE = 1 << 20


class ScriptEvents:
    """Appends an event for each line, numbered as the line is, so that none is taken twice.

    `source` is what people call the lines. One process at a time has the file open; where an
    earlier one was killed, a torn line is cut off, and `next` is the first line to take.
    """

    def __init__(self, path: Path, source: str, run_id: str, work: str) -> None:
        self._path, self._source = path, source
        self._run_id, self._work = run_id, work
        self._descriptor = -1
        self._waiting: list[bytes] = []
        self._refused = 0
        self.next = 0
        if path.exists():
            self._go_on()

    def take(self, line: bytes) -> None:
        """Take the next line; `flush` makes it an event. An empty one counts as a line only."""
        number = self.next
        self.next += 1
        if not line.strip():
            return
        try:
            event = event_of(line, self._run_id, self._work)
        except NotAnEventError as failure:
            self._refuse(number, f"{failure}: {shown(line)}")
        else:
            event.pop("n", None)  # of a child's event; ours tells how far the lines were taken
            self._waiting.append(encoded({"n": number, **event}))

    def refuse(self, why: str) -> None:
        """Count the next line as none that can be recorded, without its text."""
        self.next += 1
        self._refuse(self.next - 1, why)

    @property
    def waiting(self) -> int:
        """How many events are to be written yet."""
        return len(self._waiting)

    def flush(self) -> None:
        """Write what was taken; raises OSError, after which it is there still."""
        data = b"".join(self._waiting)
        if not data:
            return
        descriptor = self._opened()
        size = os.fstat(descriptor).st_size
        if os.write(descriptor, data) < len(data):  # a disk that is nearly full
            os.ftruncate(descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        self._waiting.clear()

    def forget(self) -> None:
        """Count what waits to be written as refused, where there is no room for it anywhere."""
        self._refused += len(self._waiting)
        self._waiting.clear()

    def finish(self) -> None:
        """Tell how many lines were refused beyond those that were told; raises OSError."""
        if self._refused > TOLD:
            self._complain(self.next, f"{self._refused} lines of {self._source} are no events")
        self.flush()
        if self._descriptor >= 0:
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _refuse(self, number: int, why: str) -> None:
        self._refused += 1
        if self._refused <= TOLD:
            self._complain(number, f"line {number + 1} of {self._source} was not recorded: {why}")

    def _complain(self, number: int, text: str) -> None:
        event = {"type": "error", "t": time.time(), "n": number, "text": text}
        self._waiting.append(encoded(event))

    def _opened(self) -> int:
        if self._descriptor < 0:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o644)
        return self._descriptor

    def _go_on(self) -> None:
        """Find out how far the file goes; raises OSError."""
        descriptor = self._opened()
        whole, last, events, count = 0, b"", 0, 0
        rest = b""
        while piece := os.read(descriptor, PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                whole += len(line) + 1
                count += 1
                events += not line.startswith(_COMPLAINT)
                last = line
        if rest:
            os.ftruncate(descriptor, whole)
        self.next = _number_in(last, count - 1) + 1
        self._refused = max(0, self.next - events)


def _number_in(line: bytes, otherwise: int) -> int:
    """The number of an event of ours; what a power loss left of one has none."""
    try:
        return int(json.loads(line)["n"])
    except (ValueError, KeyError, TypeError):
        return otherwise
