"""A project with a deployment on this host, asked over HTTP; nothing of it runs after the test."""

from __future__ import annotations

import http.client
import json
import sys
import textwrap
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from amlplan.processes import ProcessMark, end_process, mark_of
from amlplan_serve.client import ServeError, ServerClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan_serve.settings import Status
    from harness.project import Project, Result

PATIENCE = 60.0
"""Seconds after which a test is taken to hang."""
SCRIPT = """
import json, os
def init():
    print("init of WORD")
def run(data):
    asked = json.loads(data)
    name = asked.get("variable")
    if asked.get("die"):
        os._exit(3)
    return {"word": "WORD", "pid": os.getpid(), "variable": os.environ.get(name) if name else None}
"""


def script(word: str) -> str:
    """A scoring script that answers with a word of its own."""
    return SCRIPT.replace("WORD", word)


def wait_until(holds: Callable[[], object], what: str = "it") -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.02)


@dataclass
class Deployed:
    """Writes the files of the project, applies them, and looks at what runs."""

    project: Project
    blocks: dict[str, str] = field(default_factory=dict)
    seen: set[ProcessMark] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.project.write("model.txt", "weights")
        self.blocks = {
            'workspace "main"': "",
            'compute "local" "here"': "",
            'environment "py"': f'user_managed = true\ninterpreter = "{sys.executable}"',
            'model "ridge"': 'source = "model.txt"',
            'image "scorer"': 'models = [model.ridge]\nsource_dir = "src"\n'
            'entry_script = "score.py"\nenvironment = environment.py',
        }
        self.serve()

    @property
    def data(self) -> Path:
        return self.project.data

    def serve(self, word: str = "one", more: str = "", **files: str) -> Self:
        """Make `word` what the script answers, and `more` the further lines of the deployment."""
        self.score(script(word))
        return self.deployment(more)

    def score(self, text: str) -> None:
        self.project.write("src/score.py", textwrap.dedent(text))

    def deployment(self, more: str = "") -> Self:
        return self.block(
            'deployment "prod"', f"image = image.scorer\ntarget = compute.here\n{more}"
        )

    def block(self, header: str, body: str | None) -> Self:
        """Make `body` what a block holds; None takes it out."""
        if body is None:
            self.blocks.pop(header, None)
        else:
            self.blocks[header] = body
        text = "\n".join(f"{name} {{\n{inner}\n}}" for name, inner in self.blocks.items())
        self.project.hcl(text + "\n")
        return self

    def apply(self) -> Result:
        """Apply; the next plan is empty, and nothing drifted."""
        result = self.project.apply()
        self.project.run("drift")
        self._see()
        return result

    def run(self, *arguments: str, code: int | None = 0) -> Result:
        result = self.project.run(*arguments, code=code)
        self._see()
        return result

    def _see(self) -> None:
        for control in self.controls():
            mark = mark_of(self._pid(control) or 0)
            if mark is not None:
                self.seen.add(mark)

    def controls(self) -> list[Path]:
        return sorted(self.data.glob("deployments/*/control.sock"))

    def _pid(self, control: Path) -> int | None:
        try:
            return ServerClient(str(control), 0.5).status().pid
        except ServeError:
            return None

    @property
    def folder(self) -> Path:
        [folder] = self.data.glob("deployments/*")
        return folder

    def status(self) -> Status:
        return ServerClient(str(self.folder / "control.sock")).status()

    def server(self) -> ProcessMark:
        mark = mark_of(self.status().pid)
        assert mark is not None
        return mark

    def servers(self) -> list[int]:
        """Every server process of this project, whoever knows of it."""
        return [mark.pid for mark in servers_of(self.data)]

    def workers(self) -> list[int]:
        """Every worker process of this project's servers."""
        marks = _processes(
            lambda words, about: (
                "amlplan_serve/worker.py" in words
                and "amlplan/guard.py" not in words
                and f"AZUREML_MODEL_DIR={self.data}" in about
            )
        )
        return [mark.pid for mark in marks]

    def expect_workers(self, count: int) -> None:
        """One server with that many workers; old ones may still be ending."""
        assert len(self.servers()) == 1
        wait_until(lambda: len(self.workers()) == count, f"{count} workers")

    @property
    def port(self) -> int:
        return int(json.loads((self.folder / "deployment.json").read_text())["port"])

    def files_with(self, text: str) -> list[Path]:
        """The files of project and data folder that hold a text; read from the disk."""
        return [
            path
            for folder in (self.project.root, self.data)
            for path in folder.rglob("*")
            if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes()
        ]

    def keys(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folder / "keys.json").read_text())
        return found

    def ask(self, key: str | None = "", **body: Any) -> tuple[int, Any]:
        """Status and answer; with the primary key unless another one, or None, is given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = (
            {} if key is None else {"Authorization": f"Bearer {key or self.keys()['primary']}"}
        )
        connection.request("POST", "/score", json.dumps(body), headers)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, json.loads(data) if response.status == 200 else data.decode()

    def word(self) -> str:
        """What the script that serves answers."""
        status, answer = self.ask()
        assert status == 200, answer
        return str(answer["word"])

    def variable(self, name: str) -> str | None:
        status, answer = self.ask(variable=name)
        assert status == 200, answer
        found: str | None = answer["variable"]
        return found

    def end(self) -> None:
        """End every server, whatever became of it; workers go with their server."""
        self._see()
        self.seen.update(servers_of(self.data))
        for mark in self.seen:
            assert end_process(mark, 0.0)
        wait_until(lambda: not self.workers(), "the end of the workers")


def servers_of(data: Path) -> list[ProcessMark]:
    """Every server process with its folder below a data folder, whoever knows of it."""
    return _processes(lambda words, _: "amlplan_serve" in words and f"{data}/" in words)


def _processes(fits: Callable[[str, str], bool]) -> list[ProcessMark]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            about = (place / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        mark = mark_of(int(place.name)) if words and fits(words, about) else None
        if mark is not None:
            found.append(mark)
    return found


class Asking:
    """Clients that ask all the time, half on kept connections, half on new ones."""

    def __init__(self, deployed: Deployed, clients: int = 4) -> None:
        self._port = deployed.port
        keys = deployed.keys() if (deployed.folder / "keys.json").exists() else {"primary": ""}
        self._headers: Mapping[str, str] = {"Authorization": f"Bearer {keys['primary']}"}
        self._stop = threading.Event()
        self.answered = 0
        self.words: set[str] = set()
        self.failures: list[str] = []
        self._threads = [
            threading.Thread(target=self._run, args=(number % 2 == 0,)) for number in range(clients)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for_more()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def wait_for_more(self, count: int = 20) -> None:
        enough = self.answered + count
        wait_until(lambda: self.answered >= enough or self.failures, "answers")

    def _run(self, keeps: bool) -> None:
        connection = self._connection()
        while not self._stop.is_set() and not self.failures:
            try:
                connection.request("POST", "/score", b"{}", dict(self._headers))
                response = connection.getresponse()
                body = response.read()
                if response.status != 200:
                    self.failures.append(f"{response.status} {body!r}")
                else:
                    self.words.add(json.loads(body)["word"])
                    self.answered += 1
                if not keeps:
                    connection.close()
                    connection = self._connection()
            except (OSError, http.client.HTTPException) as failure:
                self.failures.append(repr(failure))
            time.sleep(0.002)  # two cores are shared by everybody
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
