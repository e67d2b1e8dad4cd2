"""A folder in which tests drive `amlplan` in processes of their own, and look at what it left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan_state.runs.store import SqliteHistory
from harness.project import IMPORT_PATHS, Project, Result
from jobs_support import LIMIT, pids_naming
from local_workbench import is_running, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.history import RunDetail

KILLER = Path(__file__).with_name("killer.py")
PYTHON = str(getattr(sys, "_base_executable", sys.executable))
"""The interpreter itself, whatever the one of the tests is wrapped into."""
READY = "open('outputs/ready', 'w').close()\n"
WAIT = READY + "import time\ntime.sleep(600)\n"
CONFIGURATION = f"""
workspace "main" {{}}

compute "local" "here" {{}}

environment "mine" {{
  user_managed = true
  interpreter  = "{PYTHON}"
}}
"""


@dataclass
class CommandLine:
    """The folder of one test, with data and a cache of its own."""

    project: Project
    base: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        programs = self.base / "bin"
        programs.mkdir()
        (programs / "python").symlink_to(PYTHON)
        self.root = self.project.root
        self.data = self.base / "data" / "amlplan"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AMLPLAN_", "PYTHON", "VIRTUAL_ENV"))
        }
        self.environment = {
            **kept,
            **self.project.environment,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(map(str, IMPORT_PATHS)),
        }

    def write(self, name: str, text: str) -> Path:
        return self.project.write(name, text)

    def configure(self, block: str = "", *, apply: bool = True) -> None:
        """Make a workspace, a target, an environment and a block the whole configuration."""
        self.project.hcl(CONFIGURATION + block)
        if apply:
            self.project.run("apply", "-auto-approve")

    def change(self, before: str, after: str) -> None:
        """Change a text of the configuration, without applying it."""
        text = (self.root / "main.hcl").read_text()
        assert before in text
        self.project.hcl(text.replace(before, after))

    def start(
        self, *arguments: str, at: str = "", environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start `amlplan`; `at` says where it ends itself, see killer.py."""
        program = ["-m", "amlplan"] if not at else [str(KILLER), at]
        process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            cwd=self.root,
            env=self.environment | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> Result:
        out, err = process.communicate(timeout=300)
        return Result(process.returncode, out, err)

    def run(
        self,
        *arguments: str,
        code: int | None = 0,
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        result = self.end(self.start(*arguments, environment=environment))
        assert code is None or result.code == code, f"exit {result.code}:\n{result.all}"
        assert "Traceback" not in result.err or code == 1, result.err
        return result

    def killed(self, at: str, *arguments: str) -> str:
        """Run a command that ends itself by SIGKILL at some place; what it printed until then."""
        result = self.end(self.start(*arguments, at=at))
        assert result.code == -signal.SIGKILL, result.all
        return result.out

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "-json").out)

    @property
    def workspace(self) -> Path:
        """The folder of the only workspace."""
        (folder,) = (self.data / "workspaces").iterdir()
        return folder

    @property
    def history(self) -> SqliteHistory:
        return SqliteHistory(self.workspace)

    def last(self) -> RunDetail:
        """The newest run, as history has it without being brought up to date."""
        return self.history.run("latest")

    def folders(self) -> list[Path]:
        return sorted(self.data.glob("workspaces/*/runs/*"))

    def await_ready(self) -> Path:
        """Wait until a script says that it runs; its folder."""
        assert wait_until(lambda: bool(self._ready()), LIMIT)
        return self._ready()[0]

    def _ready(self) -> list[Path]:
        return [folder for folder in self.folders() if (folder / "work/outputs/ready").exists()]

    def supervisor(self, folder: Path) -> int:
        return int(json.loads((folder / "supervisor.json").read_text())["mark"][0])

    def await_nobody(self) -> None:
        """Wait until no process of any run is left: neither a script nor a supervisor."""
        assert wait_until(lambda: not pids_naming(str(self.data / "workspaces")), LIMIT)
        for folder in self.folders():
            if (folder / "supervisor.json").exists():
                supervisor = self.supervisor(folder)
                assert wait_until(lambda pid=supervisor: not is_running(pid), LIMIT)  # type: ignore[misc]

    def end_all(self) -> None:
        """End what a failed test may have left: its own processes, by their number."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for path in self.data.glob("workspaces/*/runs/*/conductor.json"):
            with suppress(OSError, ValueError):
                os.kill(json.loads(path.read_text())["pid"], signal.SIGTERM)
        for folder in self.folders():
            with suppress(OSError, ValueError):
                supervisor = self.supervisor(folder)
                if is_running(supervisor):
                    os.kill(supervisor, signal.SIGTERM)
                    wait_until(lambda pid=supervisor: not is_running(pid), 12)  # type: ignore[misc]
