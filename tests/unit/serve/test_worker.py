"""The worker alone, on a socket of its own, under every Python that this machine has."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from amlplan_serve import frames
from interpreters import VERSIONS, interpreter
from serve_support import Spoken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_serve.frames import Frame

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


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "score.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


@pytest.fixture(params=VERSIONS)
def worker(request: pytest.FixtureRequest, source: Path) -> Iterator[Spoken]:
    python = interpreter(request.param)
    if python is None:
        pytest.skip(f"this machine has no Python {request.param}")
    with Spoken(python, source) as spoken:
        yield spoken


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
