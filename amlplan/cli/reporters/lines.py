"""Whole lines to a file or stream, each in one write."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, TextIO

from amlplan.cli.console import OutputError

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 1 << 20
"""Bytes of a line that is sure to be written at once."""


class Lines:
    """Writes lines from any thread, none of them cut where the process goes on or is interrupted.

    A write that fails raises BrokenPipeError or OutputError once; later lines go nowhere. `name`
    is what messages call the place.
    """

    def __init__(self, place: BinaryIO | None, name: str, text: TextIO | None = None) -> None:
        self._place = place
        self._text = text
        self._name = name
        self._lock = threading.Lock()
        self.failure: OSError | None = None

    @classmethod
    def to_stream(cls, stream: TextIO) -> Lines:
        """Lines to a stream that is open already, and stays so."""
        try:
            descriptor = stream.fileno()
        except (OSError, ValueError):
            return cls(None, "the output", stream)
        stream.flush()
        return cls(open(descriptor, "wb", _LONGEST, closefd=False), "the output")

    @classmethod
    def to_file(cls, path: Path) -> Lines:
        """Lines to a file, which is emptied; raises OutputError where that cannot be."""
        try:
            return cls(path.open("wb", _LONGEST), str(path))
        except OSError as failure:
            raise OutputError(
                "The output cannot be written",
                f"{path} could not be opened: {failure.strerror}. Name a file in a folder that is "
                "there and may be written to.",
            ) from failure

    def write(self, line: str) -> None:
        """Write one line, which has no line break in it."""
        with self._lock:
            if self.failure is not None:
                return
            if self._place is None:
                self._write_text(line)
                return
            # A lone surrogate becomes an escape, which JSON reads as what it was.
            data = line.encode("utf-8", "backslashreplace") + b"\n"
            begun = _length(self._place)
            try:
                self._place.write(data)
                self._place.flush()
            except OSError as failure:
                self.failure = failure
                _take_back(self._place, begun)
                if isinstance(failure, BrokenPipeError):
                    raise
                raise OutputError(
                    "The output cannot be written",
                    f"{self._name} took no more: {failure.strerror}. Send it to another place, or "
                    "make room.",
                ) from failure

    def close(self) -> None:
        """Close what was opened; a stream stays open."""
        if self._place is not None:
            self._place.close()

    def _write_text(self, line: str) -> None:
        """Write to a stream without any file behind it."""
        if self._text is not None:
            self._text.write(line + "\n")
            self._text.flush()


def _length(place: BinaryIO) -> int | None:
    """How long a file is; None for what is no file."""
    status = os.fstat(place.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _take_back(place: BinaryIO, begun: int | None) -> None:
    """Cut off a part of a line, and send what is still to come to nowhere."""
    if begun is not None:
        with suppress(OSError):
            os.ftruncate(place.fileno(), begun)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, place.fileno())
    os.close(nowhere)
