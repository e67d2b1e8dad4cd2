"""A scoring server of a test: real processes on a free port, gone when the test ends."""

from __future__ import annotations

import http.client
import json
import sys
import textwrap
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

from amlplan.processes import end_process, mark_of
from amlplan_serve.client import RevisionSpec, ServeError, ServerClient, ServerConfig, Status
from amlplan_serve.starting import start_server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from amlplan_serve.settings import RevisionStatus

PATIENCE = 60.0
"""Seconds after which a test is taken to hang."""
ECHO = """
import json, os, time
def init():
    print("init done")
def run(data):
    asked = json.loads(data)
    time.sleep(asked.get("sleep", 0))
    return {"pid": os.getpid(), "echo": asked.get("echo"), "revision": os.environ.get("REVISION")}
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def wait_until(holds: Callable[[], object], what: str = "it") -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.01)


@dataclass
class Service:
    """A server with its folder; `start` it, then load revisions."""

    folder: Path
    key: str | None = "first-key"
    status: Status = field(init=False)
    client: ServerClient = field(init=False)

    def config(self, **settings: Any) -> ServerConfig:
        if self.key is not None:
            self.write_keys({"primary": self.key, "secondary": "second-key"})
            settings["keys"] = str(self.folder / "keys.json")
        control, log = str(self.folder / "control.sock"), str(self.folder / "server.log")
        return ServerConfig(control=control, log=log, **settings)

    def start(self, *, take_over: bool = False, **settings: Any) -> Service:
        config = self.config(**settings)
        self.client = ServerClient(config.control)
        self.status = start_server(config, take_over=take_over)
        return self

    def write_keys(self, keys: object, mode: int = 0o600) -> None:
        path = self.folder / "keys.json"
        path.write_text(json.dumps(keys))
        path.chmod(mode)

    def spec(self, script: str = ECHO, revision: str = "r1", **settings: Any) -> RevisionSpec:
        source = self.folder / f"source-{revision}"
        source.mkdir(exist_ok=True)
        (source / "score.py").write_text(textwrap.dedent(script))
        told = {
            "source": str(source),
            "interpreter": sys.executable,
            "model_dir": str(self.folder),
            "log": str(self.folder / f"{revision}.log"),
            "digest": f"sha256:{revision}",
            "variables": {"REVISION": revision},
            "startup_timeout": 30.0,
        }
        return RevisionSpec(revision=revision, entry_script="score.py", **{**told, **settings})

    def serve(self, script: str = ECHO, revision: str = "r1", **settings: Any) -> Service:
        """Load and activate a revision."""
        self.client.load(self.spec(script, revision, **settings), {"SECRET": "hidden"})
        self.client.activate(revision)
        return self

    def log(self, revision: str = "r1") -> str:
        return (self.folder / f"{revision}.log").read_text()

    def connect(self, timeout: float = PATIENCE) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.status.port, timeout=timeout)

    def ask(
        self,
        method: str = "POST",
        path: str = "/score",
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one request on a connection of its own, with the key."""
        connection = self.connect()
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        ours = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        connection.request(
            method, path, sent, {"Content-Type": "application/json", **ours, **(headers or {})}
        )
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, told, response.read())
        connection.close()
        return answer

    def active(self) -> RevisionStatus:
        active = self.client.status().active
        assert active is not None
        return active

    def stop(self) -> None:
        """End the server, whatever became of it."""
        mark = mark_of(self.status.pid) if hasattr(self, "status") else None
        if mark is None:
            return
        try:
            pid = self.client.status().pid
            self.client.stop(0)
        except ServeError:
            pid = self.status.pid
        mark = mark_of(pid)
        if mark is not None:
            assert end_process(mark, 20)


class Asked(Protocol):
    """Whatever is under load: it has an address, and perhaps a key."""

    key: str | None

    def connect(self) -> http.client.HTTPConnection: ...


class Load:
    """Clients that ask without a pause on kept connections, and remember what went wrong."""

    def __init__(self, service: Asked, clients: int = 4) -> None:
        self._service = service
        self._stop = threading.Event()
        self.answered = 0
        self.revisions: set[str] = set()
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for_more(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def wait_for_more(self, count: int) -> None:
        enough = self.answered + count
        wait_until(lambda: self.answered >= enough or self.failures, "answers under load")

    def _run(self) -> None:
        connection = self._service.connect()
        headers = {"Authorization": f"Bearer {self._service.key}"}
        while not self._stop.is_set():
            try:
                connection.request("POST", "/score", b'{"echo": 1}', headers)
                response = connection.getresponse()
                body = response.read()
                if response.status != 200:
                    self.failures.append(f"{response.status} {body!r}")
                    return
                self.revisions.add(json.loads(body)["revision"])
                self.answered += 1
            except (OSError, http.client.HTTPException) as failure:
                self.failures.append(repr(failure))
                return
        connection.close()


def has_ended(pid: int) -> bool:
    return mark_of(pid) is None
