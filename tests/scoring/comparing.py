"""Scripts served by azureml-inference-server-http and by us, and what each answered."""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import azmlinfsrv
from harness.service import PATIENCE, Service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DRIVER = Path(azmlinfsrv.__file__).with_name("azmlinfsrv_answers.py")
COMPARED = frozenset(
    (
        *("content-type", "content-disposition", "location", "vary", "allow"),
        *("x-ms-run-function-failed", "x-ms-client-request-id", "traceid", "set-cookie"),
        *("access-control-allow-origin", "access-control-allow-methods"),
        "access-control-allow-headers",
    )
)
"""Headers that are compared, beside those that begin with `x-own`."""


@dataclass(frozen=True)
class Difference:
    """An intended one: its name in docs/serving.md, and what each answer has that the other lacks.

    Where `theirs` is None there is no answer of theirs.
    """

    name: str
    theirs: str | None
    ours: str

    def is_between(self, theirs: Answer | None, ours: Answer) -> bool:
        if self.theirs is None:
            return theirs is None and self.ours in ours.text
        has_theirs = theirs is not None and self.theirs in theirs.text
        return has_theirs and self.theirs not in ours.text and self.ours in ours.text


@dataclass(frozen=True)
class Request:
    """One request of a case, and how its answers differ, if they may."""

    method: str = "POST"
    path: str = "/score"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    differs: Difference | None = None


@dataclass(frozen=True)
class Case:
    """A script with its files, models and variables, and what it is asked.

    `files` lie beside the script; `models` are files by `NAME/VERSION/PATH`.
    """

    name: str
    script: str
    requests: Sequence[Request]
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    models: Mapping[str, bytes] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 60.0

    def put(self, folder: Path) -> tuple[Path, Path]:
        """Write it below a folder: the source, and what AZUREML_MODEL_DIR is."""
        source, root = folder / "source", folder / "azureml-models"
        root.mkdir(parents=True)
        for name, content in {
            "source/score.py": textwrap.dedent(self.script),
            **self._placed(),
        }.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        single = {"/".join(name.split("/")[:2]) for name in self.models}
        return source, root / single.pop() if len(single) == 1 else root

    def _placed(self) -> dict[str, str | bytes]:
        return {
            **{f"source/{name}": content for name, content in self.files.items()},
            **{f"azureml-models/{name}": content for name, content in self.models.items()},
        }


@dataclass(frozen=True)
class Answer:
    """What was answered; `headers` are those that are compared."""

    status: int
    headers: tuple[tuple[str, str], ...]
    is_timed: bool
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """All of it, to look for a difference in."""
        headers = "".join(f"{name}: {value}\n" for name, value in self.headers)
        return f"{self.status}\n{headers}\n{self.body.decode('latin-1')}"


def answer_from(status: int, headers: Sequence[Sequence[str]], body: bytes) -> Answer:
    kept = [
        (name.lower(), value)
        for name, value in headers
        if name.lower() in COMPARED or name.lower().startswith("x-own")
    ]
    timed = any(name.lower() == "x-ms-run-fn-exec-ms" for name, _ in headers)
    return Answer(status, tuple(sorted(kept)), timed, body)


class Theirs:
    """azureml-inference-server-http, which forks for each case."""

    def __init__(self, environment: Path, log: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [str(environment / "bin/python"), str(DRIVER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**kept, "PYTHONDONTWRITEBYTECODE": "1"},
                text=True,
            )

    def answers(self, case: Case, source: Path, model_dir: Path) -> list[Answer | None]:
        """What it answers; None where it never did."""
        variables = {
            "AML_APP_ROOT": str(source),
            "AZUREML_ENTRY_SCRIPT": "score.py",
            "AZUREML_MODEL_DIR": str(model_dir),
            "SCORING_TIMEOUT_MS": str(round(case.timeout * 1000)),
            **case.variables,
        }
        requests = [
            (each.method, each.path, _encoded(each.body), dict(each.headers))
            for each in case.requests
        ]
        job = {"source": str(source), "variables": variables, "requests": requests}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return [
            None
            if found is None
            else answer_from(found["status"], found["headers"], base64.b64decode(found["body"]))
            for found in json.loads(self._process.stdout.readline())
        ]

    def stop(self) -> None:
        self._process.communicate(timeout=PATIENCE)


def _encoded(body: bytes | None) -> str | None:
    return None if body is None else base64.b64encode(body).decode()


class Ours:
    """Our server, which loads a revision for each case."""

    def __init__(self, python: str, folder: Path) -> None:
        self._python = python
        self.service = Service(folder, key=None).start()
        self._number = 0

    def answers(self, case: Case, source: Path, model_dir: Path) -> list[Answer]:
        """What it answers."""
        self._number += 1
        revision = f"r{self._number}"
        self.service.serve(
            revision=revision,
            source=str(source),
            interpreter=self._python,
            model_dir=str(model_dir),
            variables=dict(case.variables),
            scoring_timeout=case.timeout,
            startup_timeout=120.0,
        )
        return [self._ask(request) for request in case.requests]

    def _ask(self, request: Request) -> Answer:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.service.status.port, timeout=PATIENCE
        )
        try:
            connection.request(request.method, request.path, request.body, dict(request.headers))
            response = connection.getresponse()
            return answer_from(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def stop(self) -> None:
        self.service.stop()
