"""Starts the runner of a container as a process here, and talks to it as a carrier does."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from amlplan_docker.inside import frames
from amlplan_docker.inside.frames import Frames, frame

INSIDE = Path(frames.__file__).parent
PATIENCE = 60.0


@dataclass
class Heard:
    """What a runner said."""

    output: bytes = b""
    errors: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)
    ending: dict[str, Any] | None = None
    offset: int = 0
    kinds: list[bytes] = field(default_factory=list)


class RunnerTalk:
    """One runner; `folder` stands for the run's folder in a container."""

    def __init__(self, python: str, folder: Path, script: str, **task: Any) -> None:
        self.folder = folder
        packages = folder / "inside" / "amlplan_docker"
        if not packages.exists():
            packages.mkdir(parents=True)
            (packages / "__init__.py").touch()
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(INSIDE, packages / "inside", ignore=ignored)
        for name in ("work", "events"):
            (folder / name).mkdir(exist_ok=True)
        (folder / "work" / "script.py").write_text(script)
        asked = {"attempt": 1, "command": [python, "script.py"], "variables": {}, "secrets": {}}
        asked |= {"grace": 5.0, "seconds": None, "service": "", **task}
        (folder / "task.json").write_text(json.dumps(asked))
        self.process = subprocess.Popen(
            [python, "-E", "-s", "-S", "-m", "amlplan_docker.inside.runner", str(folder)],
            cwd=folder / "inside",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._frames, self._names = Frames(), dict[int, str]()
        self._peer: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def connect(self, output: int = 0, files: dict[str, int] | None = None) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            peer = socket.socket(socket.AF_UNIX)
            try:
                peer.connect(str(self.folder / "runner.sock"))
                break
            except OSError:
                peer.close()
                assert self.process.poll() is None, self.process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.02)
        peer.settimeout(PATIENCE)
        self._peer, self._frames = peer, Frames()
        self.say(frame(b"h", 0, json.dumps({"output": output, "files": files or {}}).encode()))

    def say(self, data: bytes) -> None:
        assert self._peer is not None
        self._peer.sendall(data)

    def drop(self) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None

    def hear(self, heard: Heard) -> None:
        """Take what comes next."""
        assert self._peer is not None
        data = self._peer.recv(1 << 16)
        assert data, "the runner hung up"
        for kind, number, payload in self._frames.take(data):
            heard.kinds.append(kind)
            if kind == b"o":
                heard.offset += frames.HEAD.size + len(payload)
                if number:
                    heard.errors += payload
                else:
                    heard.output += payload
            elif kind == b"n":
                self._names[number] = payload.decode()
            elif kind == b"t":
                heard.files[self._names[number]] = b""
            elif kind == b"f":
                name = self._names[number]
                heard.files[name] = heard.files.get(name, b"") + payload
            elif kind == b"e":
                heard.ending = json.loads(payload)

    def hear_all(self, heard: Heard | None = None) -> Heard:
        """Listen to the end and let the runner go."""
        heard = heard or Heard()
        while heard.ending is None:
            self.hear(heard)
        self.say(frame(b"k"))
        self.process.wait(PATIENCE)
        return heard
