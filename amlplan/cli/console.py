"""Where text goes: output and errors, in colour only on a terminal."""

from __future__ import annotations

import logging
import os
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from amlplan.cli.style import rendered, styled, visible
from amlplan.cli.text.diagnostic import diagnostic_text
from amlplan.diagnostics import Diagnostic, Severity
from amlplan.errors import AmlplanError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


_log = logging.getLogger("amlplan")


class OutputError(AmlplanError):
    """What a command has to say cannot be written: a full disk behind `>`, for one."""

    code = "output_failed"


class Console:
    """Prints whole lines from any thread; results to one stream, errors to the other."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self._lock = threading.Lock()

    @property
    def is_terminal(self) -> bool:
        """Whether somebody can be asked."""
        return self._out.isatty() and os.isatty(0)

    @property
    def is_screen(self) -> bool:
        """Whether the output is a terminal, where lines can be replaced."""
        return self._out.isatty()

    def print(self, text: str = "", *, end: str = "\n") -> None:
        """Print to the output."""
        self._write(self._out, text, end)

    def error(self, text: str) -> None:
        """Print to the error stream."""
        self._write(self._err, text)

    def failure(self, failure: AmlplanError) -> None:
        """Print what went wrong, every diagnostic of it."""
        if isinstance(failure, ConfigError):
            self.diagnostics(failure.diagnostics)
            return
        _log.debug("raised here:\n%s", _trace_of(failure))
        text = f"{styled('red', 'Error:')} {styled('bold', failure.summary)}"
        if failure.address:
            text += f"\n\n  with {failure.address}"
        if failure.detail:
            text += f"\n\n{visible(failure.detail)}"
        self.error(text + "\n")

    def diagnostics(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Print diagnostics: errors and warnings alike go to the error stream."""
        for diagnostic in diagnostics:
            word = "Error" if diagnostic.severity is Severity.ERROR else "Warning"
            colour = "red" if diagnostic.severity is Severity.ERROR else "yellow"
            self.error(diagnostic_text(diagnostic, styled(colour, f"{word}:")) + "\n")

    def ask(self, question: str) -> str:
        """Ask at the terminal; an end of input answers nothing."""
        self._write(self._out, question, end="")
        try:
            return input().strip()
        except EOFError:
            return ""

    @contextmanager
    def raw(self) -> Iterator[Callable[[bytes], None]]:
        """Pass on bytes of somebody else to the output as they are, and end their last line.

        Where nobody reads any more, or the output takes no more, the rest is dropped: what gives
        the bytes goes on all the same.
        """
        stream, last = self._out, b"\n"
        is_open = True

        def write(data: bytes) -> None:
            nonlocal is_open, last
            if not is_open or not data:
                return
            try:
                with self._lock:
                    buffer = getattr(stream, "buffer", None)
                    if buffer is None:
                        stream.write(data.decode(errors="replace"))
                    else:
                        buffer.write(data)
                    stream.flush()
            except OSError:
                is_open = False
            last = data[-1:]

        yield write
        if last != b"\n":
            write(b"\n")

    def _write(self, stream: TextIO, text: str, end: str = "\n") -> None:
        colours = stream.isatty() and not os.environ.get("NO_COLOR")
        with self._lock:
            try:
                stream.write(rendered(text, colours=colours) + end)
                stream.flush()
            except BrokenPipeError:
                raise
            except OSError as failure:
                raise OutputError(
                    "The output cannot be written",
                    f"What this command prints could not be written: {failure.strerror}. Send it "
                    "to another place, or make room.",
                ) from failure


def _trace_of(failure: BaseException) -> str:
    """Where a failure and what led to it were raised; no messages, which may hold secrets."""
    lines: list[str] = []
    current: BaseException | None = failure
    while current is not None:
        lines += [*traceback.format_tb(current.__traceback__), f"{type(current).__name__}\n"]
        current = current.__cause__ or current.__context__
    return "".join(lines)
