"""A project in a folder of its own, and the command line to drive it with."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.cli.app import run as run_command_line
from harness.call_log import calls_of, size_of
from harness.plan_truth import untruths
from harness.watched_applies import WatchedApply, watched_applies

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(__file__).parents[2]
IMPORT_PATHS = [SOURCES, *(SOURCES / name for name in ("providers", "schemas", "state", "tests"))]
IMPORT_PATHS.append(SOURCES / "tests" / "provider")


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


class Project:
    """A folder with configuration; commands run in this process unless said otherwise.

    Whatever a command applies in this process is compared with the calls that the providers of the
    `logged` kinds noted in the world.
    """

    def __init__(self, root: Path, world: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.world = world
        self.environment = environment
        self.logged = {"bench.thing", "bench.gadget"}
        self.applies: list[WatchedApply] = []
        """What the last command applied."""

    @property
    def data(self) -> Path:
        """The user's data folder of amlplan."""
        return Path(self.environment["XDG_DATA_HOME"]) / "amlplan"

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def hcl(self, text: str) -> None:
        """Make `text` the whole configuration."""
        self.write("main.hcl", text)

    def run(self, *arguments: str, code: int | None = 0) -> Result:
        """Run a command line; `code` None accepts any exit code."""
        out, err = io.StringIO(), io.StringIO()
        log = self.world / "calls"
        start = size_of(log)
        with (
            watched_applies() as self.applies,
            self._inside(),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            got = run_command_line(list(arguments))
        result = Result(got, out.getvalue(), err.getvalue())
        if code is not None:
            assert result.code == code, f"exit {result.code}, not {code}:\n{result.all}"
        found = list(untruths(self.applies, calls_of(log, start, os.getpid()), self.logged))
        assert not found, "\n".join([*found, result.all])
        return result

    def apply(self, *arguments: str) -> Result:
        """Apply, and show that the next plan has nothing to do."""
        result = self.run("apply", "-auto-approve", *arguments)
        again = self.run("plan", "-detailed-exitcode", *arguments)
        assert "No changes." in again.out, again.all
        return result

    def command(self, *arguments: str) -> list[str]:
        """The same command line for a process of its own; see `process_environment`."""
        return [sys.executable, "-m", "amlplan", *arguments]

    def process_environment(self) -> dict[str, str]:
        paths = os.pathsep.join(map(str, IMPORT_PATHS))
        return {**os.environ, **self.environment, "PYTHONPATH": paths}

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        before, saved = Path.cwd(), dict(os.environ)
        os.chdir(self.root)
        os.environ.update(self.environment)
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(saved)


def project_in(folder: Path) -> Project:
    """An empty project in a folder, with a world, a home and a state of its own there."""
    root = folder / "project"
    root.mkdir()
    world = folder / "world"
    environment = {
        "HOME": str(folder / "home"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "AMLPLAN_BENCH_WORLD": str(world),
        "NO_COLOR": "1",
    }
    return Project(root, world, environment)
