"""What one script prints and appends: its log, what it records, and how its errors ended."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from amlplan.masking import StreamMask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan_local.run_log import RunLog
    from amlplan_local.script_log import AppendedLines, MarkedLines

TAIL = 16 * 1024
"""Bytes kept of the end of standard error while the script runs."""
LINES = 20
LONGEST = 4 * 1024
"""How much of it is told of a failure."""


class ScriptOutput:
    """Takes output as it comes. Nothing that it is given makes it raise."""

    def __init__(
        self, log: RunLog, marked: MarkedLines, appended: AppendedLines, hidden: Sequence[str]
    ) -> None:
        self._log, self._marked, self._appended = log, marked, appended
        self._hidden = hidden
        self._errors = b""

    def take(self, data: bytes) -> None:
        """Take standard output; what it records is kept before it is in the log."""
        self._marked.take(data)
        self._log.take(data)

    def take_error(self, data: bytes) -> None:
        """Take standard error."""
        self._errors = (self._errors + data)[-TAIL:]
        self._log.take(data)

    def look(self) -> bool:
        """Take some of what the script appended; whether there may be more."""
        with suppress(OSError):  # a full disk: it is in the script's file still
            return self._appended.read()
        return False

    def finish(self) -> None:
        """Take what is left, when no attempt follows; raises OSError."""
        self._marked.finish()
        self._appended.finish()

    def end_attempt(self) -> str:
        """The end of standard error as people read it, masked; another attempt may follow."""
        self._marked.end_line()
        mask = StreamMask(self._hidden)
        masked = mask.take(self._whole_errors()) + mask.finish()
        self._errors = b""
        lines = masked.decode(errors="replace").rstrip().split("\n")[-LINES:]
        # Of a line that was written over again and again, as a progress bar, the last counts.
        shown = (line.rstrip("\r").rpartition("\r")[2].rstrip() for line in lines)
        return "\n".join(shown)[-LONGEST:].strip("\n")

    def _whole_errors(self) -> bytes:
        """What is kept, without what may be the rest of a line, or of a secret."""
        if len(self._errors) < TAIL:
            return self._errors
        _, _, whole = self._errors.partition(b"\n")
        return (
            whole or self._errors[max((len(form.encode()) for form in self._hidden), default=0) :]
        )
