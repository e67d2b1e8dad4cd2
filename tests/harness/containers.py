"""Containers of a test: processes of this host, with folders in place of image and volumes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlplan_serve.client import FrontSettings, RevisionSpec, ServerClient, ServerUnreachableError
from harness.service import ECHO, PATIENCE, Answer, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan_serve.settings import ReplicaStatus, RevisionStatus


class ReservedPort:
    """A free port that nobody else is given until `close`, and that a server may listen at."""

    def __init__(self) -> None:
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", 0))
        self.number: int = self._held.getsockname()[1]

    def close(self) -> None:
        self._held.close()


@dataclass
class Container:
    """One process, with what it wrote; `program` is what runs the server."""

    name: str
    folder: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def run(self, mode: str, program: list[str], variables: Mapping[str, str]) -> Container:
        environment = {"PATH": os.environ["PATH"], **variables}
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*program, mode],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=environment,
                start_new_session=True,
            )
        return self

    @property
    def log_path(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def image_at(root: Path, script: str = ECHO, models: Mapping[str, bytes] | None = None) -> Path:
    """Lay out what an image has, but for the server and the environment."""
    for folder in ("source", "models"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "source/score.py").write_text(textwrap.dedent(script))
    for name, content in (models or {}).items():
        (root / "models" / name / "inner").mkdir(parents=True)
        (root / "models" / name / "inner/weights.bin").write_bytes(content)
    folders = {name: {"path": str(root / "models" / name)} for name in models or {}}
    about = {
        "format_version": 1,
        "entry_script": "score.py",
        "interpreter": sys.executable,
        "source": str(root / "source"),
        "models": folders,
        "manifest": str(root / "manifest.json"),
        "server": "amlplan",
    }
    (root / "image.json").write_text(json.dumps(about))
    (root / "manifest.json").write_text('{"files": {}}')
    return root


@dataclass
class Containers:
    """A front and replicas of revisions; all is gone after `close`."""

    folder: Path
    key: str | None = "first-key"
    program: list[str] = field(default_factory=lambda: [sys.executable, "-m", "amlplan_serve"])
    reserved: ReservedPort = field(default_factory=ReservedPort)
    running: dict[str, Container] = field(default_factory=dict)
    control: str = ""
    wait: int = 60

    def __post_init__(self) -> None:
        for name in ("data", "link"):
            (self.folder / name).mkdir()
        self.client = ServerClient(str(self.folder / "data/control.sock"), timeout=30.0)
        self.client_by_ctl = ServerClient(self.ask_control, timeout=30.0)

    @property
    def port(self) -> int:
        return self.reserved.number

    @property
    def places(self) -> dict[str, str]:
        return {
            "AMLPLAN_DATA": str(self.folder / "data"),
            "AMLPLAN_LINK": str(self.folder / "link"),
            "AMLPLAN_HOST": "127.0.0.1",
            "AMLPLAN_PORT": str(self.port),
        }

    def ask_control(self, message: bytes, timeout: float) -> bytes:
        """Ask as a provider does: by a process in the container."""
        done = subprocess.run(
            [*self.program, "ctl"],
            input=message,
            check=False,
            capture_output=True,
            timeout=timeout,
            cwd="/",
            env={
                "PATH": os.environ["PATH"],
                **self.places,
                "AMLPLAN_CONTROL": self.control,
                "AMLPLAN_WAIT": str(self.wait),
            },
        )
        if done.returncode:
            raise ServerUnreachableError(done.stderr.decode())
        return done.stdout

    def start_front(self, **variables: str) -> Container:
        told = {**self.places, **variables}
        front = Container("front", self.folder).run("front", self.program, told)
        self.running["front"] = front
        wait_until(lambda: self.answers() or front.process.poll() is not None, "the front")
        assert front.process.poll() is None, front.log
        return front

    def answers(self) -> bool:
        try:
            self.client.status()
        except ServerUnreachableError:
            return False
        return True

    def open_front(self, **variables: str) -> Container:
        """Start the front, and let in who has the key."""
        front = self.start_front(**variables)
        self.client.configure(FrontSettings(auth="none" if self.key is None else "key"))
        if self.key is not None:
            self.client.put_keys({"primary": self.key})
        return front

    def start_replica(
        self, revision: str, number: int, script: str = ECHO, **variables: str
    ) -> Container:
        root = self.folder / f"image-{revision}"
        if not root.exists():
            image_at(root, script)
        name = f"{revision}-{number}"
        told = {
            **self.places,
            "AMLPLAN_ROOT": str(root),
            "AMLPLAN_REVISION": revision,
            "AMLPLAN_REPLICA": name,
            "AMLPLAN_MODEL_VIEW": str(self.folder / f"view-{name}"),
            "REVISION": revision,
            **variables,
        }
        self.running[name] = Container(name, self.folder).run("replica", self.program, told)
        return self.running[name]

    def spec(self, revision: str = "r1", workers: int = 1, **settings: Any) -> RevisionSpec:
        told = {"startup_timeout": 60.0, "digest": f"sha256:{revision}", **settings}
        return RevisionSpec(revision, kind="replicas", workers=workers, **told)

    def serve(self, revision: str = "r1", workers: int = 1, script: str = ECHO) -> None:
        """Roll a revision out."""
        for number in range(1, workers + 1):
            self.start_replica(revision, number, script)
        self.client.load(self.spec(revision, workers), {})
        self.client.activate(revision)

    def active(self) -> RevisionStatus:
        active = self.client.status().active
        assert active is not None
        return active

    def replica(self, name: str) -> ReplicaStatus:
        return next(item for item in self.active().replicas if item.name == name)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, body: object, method: str = "POST", path: str = "/score") -> Answer:
        connection = self.connect()
        headers = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        connection.request(method, path, json.dumps(body).encode(), headers)
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, told, response.read())
        connection.close()
        return answer

    def close(self) -> None:
        for container in self.running.values():
            container.end(signal.SIGKILL)
        self.reserved.close()
