"""A worker without its server: on a socket of its own, to be asked and listened to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from typing import TYPE_CHECKING, Self

from amlplan_serve import frames
from amlplan_serve.frames import Frame, FrameReader
from amlplan_serve.guarded import WORKER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE = 60.0


class Spoken:
    """One end of a worker's socket."""

    def __init__(
        self,
        interpreter: str,
        source: Path,
        entry_script: str = "score.py",
        variables: Mapping[str, str] | None = None,
        options: tuple[str, ...] = (),
        worker: str = WORKER,
    ) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        self._reader = FrameReader()
        self._found: list[Frame] = []
        self.process = subprocess.Popen(
            [interpreter, *options, worker, str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(variables or {})},
        )
        theirs.close()
        setup = {
            "source": str(source),
            "entry_script": entry_script,
            "secrets": {"SECRET": "ü"},
        }
        self.send(0, frames.SETUP, json.dumps(setup).encode())

    def send(self, number: int, kind: int, payload: bytes) -> None:
        self.socket.sendall(frames.frame(number, kind, payload))

    def read(self) -> Frame:
        while not self._found:
            data = self.socket.recv(65536)
            assert data, "the worker left"
            self._found += self._reader.feed(data)
        return self._found.pop(0)

    def ask(self, body: bytes, number: int = 1) -> Frame:
        self.send(number, frames.BODY, body)
        return self.read()

    def end(self) -> str:
        self.socket.close()
        _, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0
        return errors.decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()
        self.socket.close()
