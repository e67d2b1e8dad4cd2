"""A folder with a project and a world of its own, where commands are run and killed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from amlplan.registry import backend
from bench.kill.forks import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from amlplan.backend import Backend
    from amlplan_schemas.state import State
    from bench.kill.forks import Ended, Fork
    from bench.kill.phases import Order
    from bench.kill.subject import Configuration, Scenario, Subject

STATE_FILE = "kept.hcl"


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where states are kept: the backend's name, and its settings, in which {site} is filled in."""

    name: str = "local"
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def copies(self) -> bool:
        """Whether a copy of the project's folder is a copy of the state."""
        return self.name == "local" and not self.settings

    def of(self, root: Path) -> Backend:
        """The backend of a project."""
        return backend(self.name, root, self._filled(root), "0")

    def hcl(self, root: Path) -> str:
        """The block that says so; empty where nothing need be said."""
        if self.copies:
            return ""
        lines = "".join(f'    {key} = "{text}"\n' for key, text in self._filled(root).items())
        return f'amlplan {{\n  state "{self.name}" {{\n{lines}  }}\n}}\n'

    def _filled(self, root: Path) -> dict[str, str]:
        return {key: text.format(site=root.parent.name) for key, text in self.settings.items()}


@dataclass(frozen=True)
class Site:
    """Where one kill is tried; `fault` is what every command there lacks."""

    base: Path
    fork: Fork
    subject: Subject
    keeping: Keeping = Keeping()
    fault: str = ""

    @property
    def root(self) -> Path:
        return self.base / "project"

    @property
    def backend(self) -> Backend:
        return self.keeping.of(self.root)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.base / "home"),
            "XDG_DATA_HOME": str(self.base / "data"),
            "XDG_CACHE_HOME": str(self.base / "cache"),
            **self.subject.environment(self.base),
        }

    def write(self, wanted: Configuration) -> None:
        """Make this the whole configuration."""
        self.root.mkdir(parents=True, exist_ok=True)
        for path in self.root.glob("*.hcl"):
            path.unlink()
        for name, text in {**wanted.files, STATE_FILE: self.keeping.hcl(self.root)}.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run(self, *arguments: str) -> Ended:
        return self.run_until(NEVER, arguments)

    def run_until(
        self, order: Order, arguments: Sequence[str], counts: Path | None = None
    ) -> Ended:
        """Run a command line that may be killed, and that has the fault of this place."""
        faulty = replace(order, fault=self.fault)
        return self.fork.run(self.root, self.environment, arguments, faulty, counts)

    def state(self) -> State | None:
        return self.backend.reader().read()

    def prepare(self, scenario: Scenario, baselines: Path) -> None:
        """Bring the project to where the scenario begins; what was applied before is copied."""
        if scenario.before.files:
            baseline = baselines / scenario.name
            if baseline.exists():
                shutil.copytree(baseline, self.base, dirs_exist_ok=True)
            else:
                self.make_before(scenario)
        self.write(scenario.after)
        for command in scenario.first:
            self._must(command)

    def make_before(self, scenario: Scenario) -> None:
        """Apply what a scenario begins with."""
        self.write(scenario.before)
        self._must(("apply", "-auto-approve"))

    def _must(self, command: Sequence[str]) -> None:
        ended = replace(self, fault="").run(*command)
        assert ended.code == 0, ended.text


def make_baseline(scenario: Scenario, site: Site) -> None:
    """Apply what a scenario begins with, once, to be copied."""
    site.make_before(scenario)
    shutil.rmtree(site.root / ".amlplan")  # it remembers the folder that is copied from
