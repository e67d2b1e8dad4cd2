"""A command at a terminal of its own, for tests to type at."""

from __future__ import annotations

import codecs
import os
import pty
import select
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.project import Project

SECONDS = 120.0
"""How long a command may take on a machine that does much else."""


class Terminal:
    """A command at a terminal of its own."""

    def __init__(
        self,
        project: Project,
        *arguments: str,
        program: Sequence[str] = (),
        **environment: str,
    ) -> None:
        ours, theirs = pty.openpty()
        settings = {**project.process_environment(), "TERM": "xterm", **environment}
        self.process = subprocess.Popen(
            program or project.command(*arguments),
            cwd=project.root,
            env={name: value for name, value in settings.items() if value},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._terminal = ours
        self.text = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def read_until(self, wanted: str) -> None:
        deadline = time.monotonic() + SECONDS
        while wanted not in self.text:
            assert time.monotonic() < deadline, self.text
            if not self._read(deadline):
                break
        assert wanted in self.text, self.text

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            more = os.read(self._terminal, 65536)
        except OSError:  # the other side was closed
            return False
        self.text += self._decoder.decode(more)  # a letter may come in two parts
        return bool(more)

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def end(self) -> int:
        """Read all that is left and give the exit code."""
        deadline = time.monotonic() + SECONDS
        while self._read(deadline):
            pass
        os.close(self._terminal)
        return self.process.wait(SECONDS)
