"""A run's service in a process of its own, and a client that says what it wants."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlplan.history import RunDraft
from amlplan_state.runs.store import SqliteHistory
from run_workbench import Event, events_in

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "t0ken"
API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass
class Answer:
    """What came back."""

    status: int
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.data)


@dataclass
class Endpoint:
    """One run with a service; `root` is its id."""

    workspace: Path
    root: str = ""
    process: subprocess.Popen[bytes] | None = None
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def __post_init__(self) -> None:
        self.history = SqliteHistory(self.workspace)
        self.root = self.new_run()

    def new_run(self, **definition: Any) -> str:
        """A run that goes on, in the same history."""
        draft = RunDraft(history="digits", name="train.py", definition=definition, by="somebody")
        run = self.history.create(draft)
        folder = self.workspace / "runs" / run.id / "work" / "outputs"
        folder.mkdir(parents=True)
        return run.id

    @property
    def folder(self) -> Path:
        return self.workspace / "runs" / self.root

    @property
    def outputs(self) -> Path:
        return self.folder / "work" / "outputs"

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def start(self) -> None:
        task = {
            "run": self.root,
            "folder": str(self.folder),
            "store": str(self.workspace / "store"),
            "cache": str(self.workspace.parent / "cache"),
            "token": TOKEN,
        }
        kept = {name: text for name, text in os.environ.items() if not name.startswith("AMLPLAN_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "amlplan_endpoint", str(self.listener.fileno())],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(self.listener.fileno(),),
            env={**kept, "XDG_DATA_HOME": str(self.workspace.parent / "data")},
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(task).encode() + b"\n")
        self.process.stdin.flush()

    def end(self) -> bytes:
        """Let it drain and end; what it wrote on standard error."""
        assert self.process is not None
        _, errors = self.process.communicate(timeout=60)
        assert self.process.returncode in {0, -signal.SIGKILL}
        self.process = None
        return errors

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.end()

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        self.listener.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = TOKEN,
        **headers: str,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        connection.request(method, path, data, {"Authorization": f"Bearer {token}", **named})
        answer = connection.getresponse()
        found = Answer(answer.status, answer.read())
        connection.close()
        return found

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status == 200, answer.data
        return answer.json

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.call("POST", path, body or {}, **headers)
        assert answer.status == 200, answer.data
        return answer.json

    def log(self, name: str, value: Any, step: int = 0, run: str = "") -> None:
        asked = {"run_id": run or self.root, "key": name, "value": value, "timestamp": step + 1}
        self.post(f"{API}/runs/log-metric", {**asked, "step": step})

    def run(self, name: str = "") -> Any:
        return self.get(f"{API}/runs/get?run_id={name or self.root}")["run"]

    def events(self, kind: str) -> list[Event]:
        """The events that services wrote, of all of them in their order."""
        paths = sorted((self.folder / "events").glob("service-*.jsonl"))
        return [event for path in paths for event in events_in(path) if event["type"] == kind]
