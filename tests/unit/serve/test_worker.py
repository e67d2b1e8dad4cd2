"""The worker alone, on a socket of its own, under every Python that this machine has."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan_serve import frames
from amlplan_serve.frames import Frame, FrameReader
from amlplan_serve.guarded import WORKER

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
PATIENCE = 60.0
SCRIPT = """
import json, os, sys
def init():
    global secret
    secret = os.environ["SECRET"]
def run(data):
    if data == "exit": sys.exit(3)
    if data == "raise": raise ValueError("é")
    if data == "set": return {1, 2}
    if data == "cwd": return [os.getcwd(), sys.path[0]]
    if data == "import":
        import frames
    return {"got": data, "secret": secret}
"""


def interpreter_of(version: str) -> str:
    if sys.version.startswith(version + "."):
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")))
    found = sorted((root / "versions").glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"this machine has no Python {version}")
    return str(found[-1])


class Spoken:
    """One end of a worker's socket."""

    def __init__(self, interpreter: str, source: Path, entry_script: str = "score.py") -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        self._reader = FrameReader()
        self._found: list[Frame] = []
        self.process = subprocess.Popen(
            [interpreter, WORKER, str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stderr=subprocess.PIPE,
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


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "score.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


@pytest.fixture(params=VERSIONS)
def worker(request: pytest.FixtureRequest, source: Path) -> Iterator[Spoken]:
    spoken = Spoken(interpreter_of(request.param), source)
    yield spoken
    spoken.process.kill()
    spoken.process.wait()
    assert spoken.process.stderr is not None
    spoken.process.stderr.close()
    spoken.socket.close()


def told(frame: Frame) -> tuple[int, Any]:
    head, body = frames.parted(frame.payload)
    return head["status"], json.loads(body)


def test_worker_serves_under_every_python(worker: Spoken, source: Path) -> None:
    assert json.loads(worker.read().payload) == {"pid": worker.process.pid}
    assert worker.read().kind == frames.READY
    answer = worker.ask("ä".encode(), 5)
    assert (answer.number, answer.kind) == (5, frames.VALUE)
    assert json.loads(answer.payload) == {"got": "ä", "secret": "ü"}
    assert json.loads(worker.ask(b"cwd").payload) == [str(source), str(source)]
    assert told(worker.ask(b"exit"))[0] == 500
    assert "scoring script" in told(worker.ask(b"raise"))[1]["message"]
    assert "internal error" in told(worker.ask(b"set"))[1]["message"]
    assert told(worker.ask(b"\xff"))[0] == 400
    assert told(worker.ask(b"import"))[0] == 500  # nothing of ours can be imported
    large = b"x" * 3_000_000
    assert json.loads(worker.ask(large).payload)["got"] == large.decode()
    errors = worker.end()
    assert "ValueError" in errors
    assert "named 'frames'" in errors


def test_requests_sent_ahead_are_answered_in_order(source: Path) -> None:
    worker = Spoken(sys.executable, source)
    worker.read(), worker.read()
    sent = b"".join(frames.frame(n, frames.BODY, str(n).encode()) for n in range(200))
    worker.socket.sendall(sent)
    assert [json.loads(worker.read().payload)["got"] for _ in range(200)] == [
        str(n) for n in range(200)
    ]
    worker.end()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("def run(data): return 1", "function init()"),
        ("def init(): pass", "function run()"),
        ("def init(): pass\ndef run(): pass", "needs an argument"),
        ("def init(): pass\ndef run(*all): pass", "named arguments"),
        ("def init(): 1 / 0\ndef run(data): pass", "ZeroDivisionError"),
        ("def init(): exit(4)\ndef run(data): pass", "SystemExit"),
        ("import nothing_of_this_name", "nothing_of_this_name"),
        ("this is no Python", "SyntaxError"),
    ],
)
def test_a_script_that_cannot_be_served_says_why(source: Path, script: str, reason: str) -> None:
    (source / "score.py").write_text(script)
    worker = Spoken(sys.executable, source)
    worker.read()
    failed = worker.read()
    assert failed.kind == frames.FAILED
    assert reason in json.loads(failed.payload)["reason"]
    assert "Traceback" in worker.end()


def test_a_script_that_is_missing_is_told(source: Path) -> None:
    worker = Spoken(sys.executable, source, "other.py")
    worker.read()
    assert "other.py" in json.loads(worker.read().payload)["reason"]
    worker.end()
