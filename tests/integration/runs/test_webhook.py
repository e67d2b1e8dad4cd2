"""A webhook: somebody elsewhere is told once that a run ended, and nobody learns where."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from amlplan_local.webhook import notify
from local_workbench import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from command_line import CommandLine

BLOCK = """
run_config "train" {{
  script      = "train.py"
  target      = compute.here
  environment = environment.mine
  webhook {{
    url = env_secret("HOOK")
    on  = {0}
  }}
}}
"""
PATH = "/h00k/s3cret-path"


class Hook:
    """A server that answers what it is told to, and keeps what it was sent."""

    def __init__(self, port: int, answers: list[int]) -> None:
        self.url = f"http://127.0.0.1:{port}{PATH}"
        self.answers = answers
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []


@contextmanager
def hook(*answers: int) -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            found.bodies.append(json.loads(self.rfile.read(length)))
            found.keys.append(self.headers["Idempotency-Key"])
            self.send_response(found.answers.pop(0) if found.answers else 204)
            self.send_header("Location", found.url)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Hook(server.server_address[1], list(answers))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def result(folder: Path) -> str:
    return str(json.loads((folder / "webhook.json").read_text())["result"])


def test_the_end_is_told_once_and_the_url_is_written_nowhere(line: CommandLine) -> None:
    line.configure(BLOCK.format('["failed"]'))
    line.write("train.py", "import sys\nsys.exit(3 if len(sys.argv) < 2 else 0)\n")
    with hook() as found:
        secret = {"HOOK": found.url}
        line.run("run", "train", code=3, environment=secret)
        (folder,) = line.folders()
        assert wait_until((folder / "webhook.json").exists, 30)
        assert wait_until(lambda: result(folder) == "sent: 204", 30)
        line.run("run", "train", "-p", "a=1", environment=secret)
        line.run("runs", "rerun", "1", code=3, environment=secret)
        assert wait_until(lambda: len(found.bodies) == 2, 30)
        line.await_nobody()
    first, again = found.bodies
    run = line.history.run("1")
    assert first == {
        "event": "run_ended",
        "run": run.summary.id,
        "number": 1,
        "history": "train",
        "name": "train",
        "workspace": "main",
        "parent": None,
        "by": run.summary.by,
        "host": run.summary.host,
        "status": "Failed",
        "reason": "exit code 3",
        "exit_code": 3,
    }
    assert found.keys == [first["run"], again["run"]]
    assert again["number"] == 3
    assert run.definition["configuration"]["webhook"] == {"url": None, "on": ["failed"]}
    for path in line.data.rglob("*"):
        assert not path.is_file() or PATH.encode() not in path.read_bytes(), path


def test_a_hook_that_is_not_there_changes_nothing(line: CommandLine) -> None:
    line.configure(BLOCK.format('["completed"]'))
    line.write("train.py", "print('hi')\n")
    line.run("run", "train", environment={"HOOK": "http://127.0.0.1:9/x"})
    (folder,) = line.folders()
    assert wait_until(
        lambda: (folder / "webhook.json").exists() and result(folder) != "being sent", 60
    )
    assert result(folder).startswith("not sent: ")
    assert line.json("runs", "show")["status"] == "Completed"


@pytest.mark.parametrize(
    ("answers", "tries", "said"),
    [
        ([503, 200], 2, "sent: 200"),
        ([404], 1, "not sent: the answer was 404"),
        ([302], 1, "not sent: the answer was 302"),
        ([500, 500, 500], 3, "not sent: the answer was 500"),
    ],
)
def test_only_what_may_help_is_tried_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[int],
    tries: int,
    said: str,
) -> None:
    monkeypatch.setattr("amlplan_local.webhook.BETWEEN", 0.0)
    with hook(*answers) as found:
        webhook = {"url": found.url, "on": ["failed"], "body": {"run": "r"}}
        ending = {"status": "Failed", "reason": None, "exit_code": 1}
        notify(tmp_path, webhook, ending)
        assert len(found.bodies) == tries
        notify(tmp_path, webhook, ending)
        assert len(found.bodies) == tries
    assert result(tmp_path) == said


def test_an_answer_that_never_ends_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amlplan_local.webhook.LONGEST", 0.5)
    is_over = threading.Event()

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 204 None\r\nLong: ")
            while not is_over.wait(0.05):
                connection.sendall(b"x")
            connection.sendall(b"\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=answer, args=(listener,))
        answering.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        telling = threading.Thread(
            target=notify,
            args=(tmp_path, {"url": url, "on": ["failed"], "body": {"run": "r"}}),
            kwargs={"ending": {"status": "Failed", "reason": None, "exit_code": 1}},
        )
        telling.start()
        telling.join(60)
        was_told = not telling.is_alive()
        is_over.set()
        answering.join()
        telling.join()
    assert was_told
    assert result(tmp_path) == "not sent: TimeoutError"


def test_what_is_no_web_address_is_refused(line: CommandLine) -> None:
    block = BLOCK.format('["failed"]').replace('env_secret("HOOK")', '"ftp://x/"')
    line.configure(block, apply=False)
    refused = line.run("validate", code=10).err.replace("\n", " ")
    assert "it has to begin with http:// or https://" in refused
