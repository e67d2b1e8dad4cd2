"""Children: commands that amlplan runs, none of which outlives it."""

from __future__ import annotations

import os
import selectors
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from amlplan.errors import CanceledError, ProviderError
from amlplan.guard import GUARD, end_group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

KEPT = 8 * 1024 * 1024
"""Bytes kept of each stream; of more, the end is kept."""
LONGEST_LINE = 64 * 1024
TICK = 0.1
"""Seconds between two looks at the clock and at `cancelled`."""
ENDING = 10.0
"""Seconds a guard may take to end a group; it needs 8 at most."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended: its exit code, 128 + N for signal N, and what it printed.

    `truncated` tells that a stream was longer than what is kept of it.
    """

    returncode: int
    stdout: str
    stderr: str
    truncated: bool = False


def run_child(
    arguments: Sequence[str],
    *,
    input: str | None = None,  # noqa: A002 - the word that subprocess uses
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout: float | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    on_line: Callable[[str], None] | None = None,
) -> Finished:
    """Run a command to its end; blocks.

    `environment` replaces ours where given. `on_line` gets each line of both streams, in the
    calling thread. Nothing of the command's process group is left when this returns or raises,
    or when this process dies: a guard ends the group, and this process that of a guard that was
    killed. Raises CanceledError soon after
    `cancelled` turns true, ProviderError where the command is not found or runs out of time; an
    exit code is for the caller to judge.
    """
    program = find_program(arguments[0], environment, folder)
    process, lifeline = _start(
        [program, *arguments[1:]],
        has_input=input is not None,
        environment=environment,
        folder=folder,
    )
    exchange = _Exchange(process, (input or "").encode(), on_line)
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        while not exchange.step(TICK):
            if cancelled():
                raise CanceledError(
                    "Canceled", f"{Path(program).name} was ended before it was done."
                )
            if deadline is not None and time.monotonic() > deadline:
                raise ProviderError(
                    "A command took too long",
                    f"{Path(program).name} did not end within {timeout:g} s and was ended. "
                    "See whether what it waits for answers, then try again.",
                )
    finally:
        with suppress(OSError):  # it is gone already
            lifeline.shutdown(socket.SHUT_WR)
        exchange.finish(time.monotonic() + ENDING)
        _end_unguarded(process, lifeline)
    code = process.returncode
    return Finished(
        code if code >= 0 else 128 - code, *exchange.texts(), truncated=exchange.truncated
    )


def _end_unguarded(process: subprocess.Popen[bytes], lifeline: socket.socket) -> None:
    """End what a guard left that was killed itself; it told its group when that began."""
    with lifeline:
        told = lifeline.recv(32) if process.returncode < 0 else b""
    if told:
        end_group(int(told), reaped=True)


def find_program(
    name: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> str:
    """The path of a command, as a shell in the folder would find it; raises ProviderError."""
    found: str | None
    if "/" in name:
        path = (folder or Path()) / name
        found = str(path.absolute()) if path.is_file() and os.access(path, os.X_OK) else None
    else:
        path_variable = (os.environ if environment is None else environment).get("PATH")
        found = shutil.which(name, path=path_variable)
    if found is None:
        raise ProviderError(
            "A command was not found",
            f"{name} is not there or may not be run. Install it, or put its folder on the PATH, "
            "then try again.",
        )
    return found


def _start(
    command: list[str],
    *,
    has_input: bool,
    environment: Mapping[str, str] | None,
    folder: Path | None,
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the command under a guard; gives it and the socket whose closing ends both."""
    lifeline, theirs = socket.socketpair()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", GUARD, str(theirs.fileno()), *command],
            stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=None if environment is None else dict(environment),
            start_new_session=True,
            pass_fds=(theirs.fileno(),),
        )
    except OSError as failure:
        lifeline.close()
        raise ProviderError(
            "A command cannot be started",
            f"{command[0]} cannot be started in {folder or Path.cwd()}: {failure.strerror}. "
            "See that the folder is there and that processes may be started.",
        ) from failure
    finally:
        theirs.close()
    return process, lifeline


class _Stream:
    """What came from one stream: its end, and the line that is not complete yet."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self.kept = bytearray()
        self.truncated = False
        self._line = bytearray()
        self._on_line = on_line

    def take(self, data: bytes) -> None:
        self.kept += data
        if len(self.kept) > 2 * KEPT:
            del self.kept[:-KEPT]
            self.truncated = True
        if self._on_line is None:
            return
        *lines, rest = (self._line + data).split(b"\n")
        for line in lines:
            self._on_line(line.decode(errors="replace").rstrip("\r"))
        self._line = bytearray(rest[-LONGEST_LINE:])

    def mute(self) -> None:
        self._on_line = None

    def finish(self) -> None:
        if self._line and self._on_line is not None:
            self._on_line(self._line.decode(errors="replace"))
        self._line.clear()
        if len(self.kept) > KEPT:
            del self.kept[:-KEPT]
            self.truncated = True


class _Exchange:
    """Gives a process its input and takes its output, without threads."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        data: bytes,
        on_line: Callable[[str], None] | None,
    ) -> None:
        self._process = process
        self._data = memoryview(data)
        self._stdout, self._stderr = _Stream(on_line), _Stream(on_line)
        self._streams: dict[IO[bytes], _Stream] = {}
        self._selector = selectors.DefaultSelector()
        self._ended_at: float | None = None
        for pipe, stream in ((process.stdout, self._stdout), (process.stderr, self._stderr)):
            if pipe is not None:
                self._streams[pipe] = stream
                self._selector.register(pipe, selectors.EVENT_READ)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            self._selector.register(process.stdin, selectors.EVENT_WRITE)

    @property
    def truncated(self) -> bool:
        return self._stdout.truncated or self._stderr.truncated

    def step(self, seconds: float) -> bool:
        """Move what can be moved within this time; whether the process ended and all was read."""
        if self._selector.get_map():
            for key, _ in self._selector.select(seconds):
                pipe = key.fileobj
                if pipe is self._process.stdin:
                    self._feed(self._process.stdin)
                else:
                    self._drain(pipe)  # type: ignore[arg-type]
        else:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return False
        if self._process.poll() is None:
            return False
        # Something that left the group may hold the streams open: what it says is not waited for.
        self._ended_at = self._ended_at or time.monotonic()
        reading = any(key.fileobj in self._streams for key in self._selector.get_map().values())
        return not reading or time.monotonic() - self._ended_at > 1.0

    def texts(self) -> tuple[str, str]:
        """Give standard output and standard error, as far as they are kept."""
        return (
            self._stdout.kept.decode(errors="replace"),
            self._stderr.kept.decode(errors="replace"),
        )

    def finish(self, deadline: float) -> None:
        """Read to the end and let go; what is not done by the deadline is ended hard."""
        if self._process.poll() is None:
            for stream in self._streams.values():
                stream.mute()
        while not self.step(TICK):
            if time.monotonic() > deadline:
                self._process.kill()
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        for stream in self._streams.values():
            stream.finish()

    def _feed(self, pipe: IO[bytes]) -> None:
        try:
            written = os.write(pipe.fileno(), self._data[:65536]) if self._data else 0
        except BlockingIOError:
            return
        except BrokenPipeError:
            written = len(self._data)
        self._data = self._data[written:]
        if not self._data:
            self._selector.unregister(pipe)
            pipe.close()

    def _drain(self, pipe: IO[bytes]) -> None:
        data = os.read(pipe.fileno(), 65536)
        if data:
            self._streams[pipe].take(data)
        else:
            self._selector.unregister(pipe)
