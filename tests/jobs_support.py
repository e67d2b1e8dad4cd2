"""A workspace in which tests start runs, look at them, and end what is left of them."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amlplan.abilities import Job
from amlplan.errors import ProviderError
from amlplan_local.jobs import LocalJobs
from local_workbench import is_running, wait_until

LIMIT = 120.0
"""Seconds that anything may take on a machine that does much else; nobody waits for them."""
SECRET = "s3cret/with+odd chars"
READY = "import pathlib; pathlib.Path('outputs/ready').touch(); "
WAIT = READY + "import time; time.sleep(600)"
"""A script that says when it runs, and then does nothing for long."""


def pids_naming(text: str) -> set[int]:
    """The processes whose arguments, folder or environment name a text, without this one."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        with suppress(OSError):
            told = [(folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()]
            told.append(os.fsencode((folder / "cwd").readlink()))
            if pid != os.getpid() and is_running(pid) and any(text.encode() in it for it in told):
                found.add(pid)
    return found


@dataclass
class Runs:
    """The runs of one test, under a folder of their own."""

    base: Path
    numbers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.jobs = LocalJobs(self.base / "cache")
        self.store = self.base / "store"

    def folder(self, number: int | None = None) -> Path:
        return self.base / "runs" / f"r{number or self.numbers[-1]}"

    def prepare(self, files: dict[str, bytes] | None = None) -> Path:
        self.numbers.append(len(self.numbers) + 1)
        for name in ("events", "work/outputs", "work/logs"):
            (self.folder() / name).mkdir(parents=True)
        for name, data in (files or {}).items():
            path = self.folder() / "work" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return self.folder()

    def job(self, *command: str, **values: Any) -> Job:
        folder = self.folder()
        return Job(folder.name, folder, self.store, command, **values)

    def start(self, code: str, files: dict[str, bytes] | None = None, **values: Any) -> Path:
        """Start a Python script."""
        self.prepare(files)
        self.jobs.submit(self.job(sys.executable, "-c", code, **values))
        return self.folder()

    def run(self, code: str, files: dict[str, bytes] | None = None, **values: Any) -> Path:
        """Run a Python script to its end."""
        folder = self.start(code, files, **values)
        self.await_end()
        return folder

    def state(self) -> str:
        return self.jobs.pull(self.folder().name, self.folder())

    def await_end(self) -> None:
        assert wait_until(lambda: self.state() == "ended", LIMIT), self.events("supervisor")
        assert wait_until(lambda: not is_running(self.supervisor()), LIMIT)

    def await_ready(self) -> None:
        assert wait_until((self.folder() / "work/outputs/ready").exists, LIMIT)

    def cancel(self) -> None:
        self.jobs.cancel(self.folder().name, self.folder())

    def finish(self) -> None:
        self.jobs.finish_lost(self.folder().name, self.folder(), self.store)

    def kept(self) -> dict[str, Any]:
        return dict(json.loads((self.folder() / "supervisor.json").read_text()))

    def supervisor(self) -> int:
        return int(self.kept()["mark"][0])

    def kill(self) -> None:
        """End the supervisor without a farewell, and wait until nothing of the run is left."""
        supervisor = self.supervisor()
        os.kill(supervisor, signal.SIGKILL)
        assert wait_until(lambda: not is_running(supervisor))
        assert wait_until(lambda: not pids_naming(str(self.folder())), LIMIT)

    def log(self) -> bytes:
        return (self.folder() / "log.txt").read_bytes()

    def events(self, writer: str, kind: str = "status") -> list[dict[str, Any]]:
        path = self.folder() / "events" / f"{writer}.jsonl"
        events = []
        for line in path.read_bytes().splitlines() if path.exists() else []:
            with suppress(ValueError):  # torn
                events.append(json.loads(line))
        return [event for event in events if event["type"] == kind]

    def statuses(self, writer: str = "supervisor") -> list[str]:
        return [event["status"] for event in self.events(writer)]

    def last(self, writer: str = "supervisor") -> dict[str, Any]:
        return self.events(writer)[-1]

    def outputs(self, writer: str = "supervisor") -> dict[str, Any]:
        (outputs,) = self.events(writer, "outputs")
        return outputs

    def stored(self, name: str, writer: str = "supervisor") -> bytes:
        digest = str(self.outputs(writer)["files"][name]).removeprefix("sha256:")
        return (self.store / "blobs/sha256" / digest[:2] / digest).read_bytes()

    def end_all(self) -> None:
        """End what a failed test may have left: its own processes, by their number."""
        for number in self.numbers:
            folder = self.folder(number)
            if not (folder / "supervisor.json").exists():
                continue
            with suppress(ProviderError):
                if self.jobs.pull(folder.name, folder) == "running":
                    self.jobs.cancel(folder.name, folder)
            pid = json.loads((folder / "supervisor.json").read_text())["mark"][0]
            wait_until(lambda pid=pid: not is_running(pid), 12)  # type: ignore[misc]
