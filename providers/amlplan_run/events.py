"""The file that this process appends its events to, whatever the script does around it."""

import errno
import os
import threading
import time

from amlplan_run.values import LONGEST_LINE, UnfitError, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Tuple

_ATTEMPTS = 100


class NotRecordedError(Exception):
    """An event is not in the file; the text says why."""


class EventFile:
    """Appends events, each with one write, so that no kill takes back what was recorded.

    Belongs to one process: after a fork the child makes its own. Safe for several threads, and
    for signal handlers. A descriptor that the script closed, or that now is another file, is
    opened again.
    """

    def __init__(self, folder: str, name: "Optional[str]" = None) -> None:
        self.process = os.getpid()
        self._folder = folder
        self._path = os.path.join(folder, name) if name else ""
        self._descriptor = -1
        self._identity = (-1, -1)
        self._lock = threading.RLock()
        self._next = 0
        self._is_torn = False
        self._lost = 0

    def append(self, event: "Dict[str, object]") -> None:
        """Write an event; raises NotRecordedError where that is not possible."""
        with self._lock:
            if self._lost:
                self._tell_losses()
            try:
                self._write(event)
            except NotRecordedError:
                self._lost += 1
                raise

    def _tell_losses(self) -> None:
        many = "%d events before this one could not be written" % self._lost
        try:
            self._write({"type": "error", "text": many})
        except NotRecordedError:
            return
        self._lost = 0

    def _write(self, event: "Dict[str, object]") -> None:
        stamped = {"n": self._next, "t": time.time()}  # type: Dict[str, object]
        stamped.update(event)
        line = encode(stamped).encode("ascii") + b"\n"
        if len(line) > LONGEST_LINE:
            raise UnfitError(
                "it takes %d bytes, and %d is the most; keep it in a file in outputs/"
                % (len(line), LONGEST_LINE)
            )
        try:
            if not self._is_open():
                self._open()
            self._put(line)
        except OSError as failure:
            raise NotRecordedError(
                "%s: %s" % (self._path or self._folder, failure.strerror)
            ) from failure
        self._next += 1

    def _put(self, line: bytes) -> None:
        if self._is_torn:
            line = b"\n" + line
        written = os.write(self._descriptor, line)
        self._is_torn = written < len(line)
        while written < len(line):  # a disk that is nearly full takes the beginning only
            written += os.write(self._descriptor, line[written:])
        self._is_torn = False

    def _is_open(self) -> bool:
        """Whether our descriptor is our file still; another's file is never written to."""
        try:
            found = os.fstat(self._descriptor)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        if self._path:
            descriptor, path = os.open(self._path, flags, 0o644), self._path
        else:
            descriptor, path = self._create(flags | os.O_EXCL)
        found = os.fstat(descriptor)
        self._descriptor, self._path = descriptor, path
        self._identity = (found.st_dev, found.st_ino)

    def _create(self, flags: int) -> "Tuple[int, str]":
        began = int(time.time() * 1e9)
        for attempt in range(_ATTEMPTS):
            name = "%s-%d-%d.jsonl" % (host(), self.process, began + attempt)
            path = os.path.join(self._folder, name)
            try:
                return os.open(path, flags, 0o644), path
            except FileExistsError:  # a container of the same name, with the same process numbers
                continue
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))


def host() -> str:
    """The name of this machine, as it stands in names of files."""
    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    safe = [letter if letter.isalnum() and letter < "\x80" else "-" for letter in name]
    return "".join(safe)[:64] or "host"
