"""Processes for kills: as many at a time as there are processors, each cheap to start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.kill.phases import Order
from harness.project import IMPORT_PATHS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NEVER = Order()


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it printed; the code is minus a signal."""

    code: int
    text: str


class Fork:
    """A server that runs one command line at a time; see worker.py."""

    def __init__(self, moments: Sequence[str] = ()) -> None:
        paths = os.pathsep.join([*map(str, IMPORT_PATHS), *filter(None, sys.path)])
        self._server = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("worker.py")), *moments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1"},
            text=True,
        )

    def run(
        self,
        folder: Path,
        environment: dict[str, str],
        arguments: Sequence[str],
        order: Order = NEVER,
        counts: Path | None = None,
    ) -> Ended:
        """Run a command line in a process of its own; blocks until that ended."""
        output = folder.parent / "printed"
        request = {
            "folder": str(folder),
            "environment": environment,
            "arguments": list(arguments),
            "output": str(output),
            "order": asdict(order),
            "counts": str(counts) if counts else "",
        }
        stdin, stdout = self._server.stdin, self._server.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        return Ended(int(stdout.readline()), output.read_text())

    def close(self) -> None:
        """End the server."""
        self._server.communicate()


class Forks:
    """Servers that threads take turns at; each is started on its first use."""

    def __init__(self, moments: Sequence[str] = (), count: int | None = None) -> None:
        self._moments = moments
        self.count = count or min(4, os.cpu_count() or 1)
        self._free: list[Fork] = []
        self._made: list[Fork] = []
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[Fork]:
        """A server for as long as it is needed."""
        with self._lock:
            fork = self._free.pop() if self._free else None
        if fork is None:
            fork = Fork(self._moments)
            self._made.append(fork)
        try:
            yield fork
        finally:
            with self._lock:
                self._free.append(fork)

    def close(self) -> None:
        for fork in self._made:
            fork.close()
