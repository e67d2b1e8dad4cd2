"""Takes what a script of any language records: lines of its output, and of a file it appends to."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from amlplan.masking import StreamMask
from amlplan_local.script_events import ScriptEvents
from amlplan_local.script_lines import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MARK = b"::amlplan::"
"""How a line of standard output begins that records something."""
VARIABLE = "AMLPLAN_RUN_LOG"
NAME = "recorded.jsonl"
"""The file in a run's folder that the variable names."""
PIECE = 256 * 1024
WAITING = 10_000
"""Events that are held in memory for a disk that takes none."""
_TOO_LONG = f"it is longer than {LONGEST_LINE} bytes"


class AppendedLines:
    """Follows the file that a script appends lines to.

    Every line becomes an event once, also where who follows was killed and another goes on.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        self._path = folder / NAME
        self._events = ScriptEvents(
            folder / "events" / "script-log.jsonl", VARIABLE, run_id, str(folder / "work")
        )
        self._offset = 0
        self._rest = b""
        self._is_too_long = False
        self._to_skip = self._events.next

    def read(self) -> bool:
        """Take some of what was appended; whether there may be more. Raises OSError."""
        self._events.flush()  # first: where that fails, no more is read into memory
        data = self._appended()
        if data:
            self._offset += len(data)
            self._split(data)
        self._events.flush()
        return len(data) == PIECE

    def finish(self) -> None:
        """Take all that is there, also a last line without its end; raises OSError."""
        while self.read():
            pass
        if self._rest or self._is_too_long:
            self._split(b"\n")
        self._events.finish()

    def _appended(self) -> bytes:
        """What is behind the place that was read to; nothing where it is no file."""
        try:
            if self._path.lstat().st_size == self._offset:
                return b""
            # A pipe in the file's place does not block.
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._path, flags)
        except OSError:
            return b""
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return b""
            if found.st_size < self._offset:
                self._begin_again()
            return os.pread(descriptor, PIECE, self._offset)
        finally:
            os.close(descriptor)

    def _begin_again(self) -> None:
        self._offset, self._rest, self._is_too_long = 0, b"", False
        self._events.refuse("the file was made shorter; append to it, as >> does")

    def _split(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._to_skip:
                self._to_skip -= 1
            elif self._is_too_long:
                self._events.refuse(_TOO_LONG)
            else:
                self._events.take(line)
            self._is_too_long = False
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._is_too_long = b"", True


class MarkedLines:
    """Finds the lines of standard output that record something. They stay in the log too."""

    def __init__(self, folder: Path, run_id: str, hidden: Sequence[str]) -> None:
        self._folder, self._run_id, self._hidden = folder, run_id, hidden
        self._events: ScriptEvents | None = None
        self._held = b""
        self._is_other = False
        """Whether the line that is being written is not one of ours."""

    def take(self, data: bytes) -> None:
        """Look at output as it comes; never raises."""
        if self._is_other:
            _, end, data = data.partition(b"\n")
            if not end:
                return
        data = self._held + data
        end_of_lines = data.rfind(b"\n") + 1
        whole, rest = data[:end_of_lines], data[end_of_lines:]
        if MARK in whole:
            for line in whole.split(b"\n"):
                if line.startswith(MARK):
                    self._record(line)
            self._flush()
        may_be_ours = rest.startswith(MARK) or MARK.startswith(rest)
        if may_be_ours and len(rest) > LONGEST_LINE:
            self._record(rest)
            may_be_ours = False
        self._held, self._is_other = (rest, False) if may_be_ours else (b"", True)

    def end_line(self) -> None:
        """Take a last line without its end; never raises."""
        if self._held.startswith(MARK):
            self._record(self._held)
            self._flush()
        self._held, self._is_other = b"", False

    def finish(self) -> None:
        """Let go of the file when no more output comes; never raises."""
        self.end_line()
        if self._events is not None:
            with suppress(OSError):
                self._events.finish()

    def _record(self, line: bytes) -> None:
        if self._events is None:
            path = self._folder / "events" / "script-output.jsonl"
            work = str(self._folder / "work")
            self._events = ScriptEvents(path, "the marked output", self._run_id, work)
        mask = StreamMask(self._hidden)
        masked = mask.take(line.removeprefix(MARK)) + mask.finish()
        self._events.take(masked)

    def _flush(self) -> None:
        if self._events is None:
            return
        try:
            self._events.flush()
        except OSError:  # a full disk: it is tried again with the next
            if self._events.waiting > WAITING:
                self._events.forget()
