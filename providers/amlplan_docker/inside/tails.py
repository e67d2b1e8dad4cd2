"""Files that grow while a script runs, as far as they were not sent yet."""

import os
import stat

from amlplan_docker.inside.frames import MOST, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, Tuple

EVENTS = "events"
RECORDED = "recorded.jsonl"
"""The file in the run's folder that scripts of any language append lines to."""
SHOWN = (".jsonl", ".child")
"""How the names of files in the folder of events end that are sent."""


class Tails:
    """The growing files of a run's folder; `had` are the sizes that the other side has."""

    def __init__(self, folder: str, had: "Dict[str, int]") -> None:
        self._folder = folder
        self._sent = dict(had)
        self._numbers: "Dict[str, int]" = {}

    def more(self) -> "Iterator[bytes]":
        """Frames of what came since; all of it where it is iterated to its end."""
        for name in self._names():
            yield from self._more_of(name)

    def _names(self) -> "Iterator[str]":
        yield RECORDED
        try:
            found = sorted(os.listdir(os.path.join(self._folder, EVENTS)))
        except OSError:  # the script removed it
            return
        for name in found:
            if name.endswith(SHOWN):
                yield EVENTS + "/" + name

    def _more_of(self, name: str) -> "Iterator[bytes]":
        path = os.path.join(self._folder, name)
        try:
            found = os.lstat(path)
        except OSError:
            return
        if not stat.S_ISREG(found.st_mode):
            return
        number, told = self._number_of(name)
        if told:
            yield told
        sent = self._sent.setdefault(name, 0)
        if found.st_size < sent:
            self._sent[name] = sent = 0
            yield frame(b"t", number)
        if found.st_size > sent:
            yield from self._read(path, name, number)

    def _number_of(self, name: str) -> "Tuple[int, bytes]":
        """The number of a file, and the frame that tells it where it is new."""
        if name in self._numbers:
            return self._numbers[name], b""
        number = self._numbers[name] = len(self._numbers)
        return number, frame(b"n", number, name.encode("utf-8", "surrogateescape"))

    def _read(self, path: str, name: str, number: int) -> "Iterator[bytes]":
        try:
            # No link is followed, and a pipe in the file's place does not block.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return
        try:
            while True:
                data = os.pread(descriptor, MOST, self._sent[name])
                if not data:
                    return
                self._sent[name] += len(data)
                yield frame(b"f", number, data)
        finally:
            os.close(descriptor)
