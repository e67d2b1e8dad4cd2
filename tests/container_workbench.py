"""A project whose scripts run in containers, and what it left on the engine."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlplan.errors import ProviderError
from amlplan_docker.images.names import use_of
from amlplan_docker.labels import FOLDER, JOB, ROLE, RUN
from command_line import CommandLine
from local_workbench import wait_until
from services.docker_base import system_python

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen
    from harness.project import Project

PATIENCE = 120.0
WAIT = "import time\nprint('ready', flush=True)\ntime.sleep(600)\n"
CONFIGURATION = """
workspace "main" {{}}

compute "docker" "box" {{
  name = "{name}"
  connection {{
    host = "{host}"
  }}
  {more}
}}

environment "boxed" {{
  python       = "{python}"
  requirements = []
  docker {{
    base_image = "{base}"
  }}
}}

run_config "train" {{
  script      = "train.py"
  target      = compute.box
  environment = environment.boxed
  {block}
}}
"""


@dataclass
class ContainerRuns(CommandLine):
    """A command line of a test, whose runs are in containers of an engine."""

    engine: Engine = field(kw_only=True)
    base_image: str = field(kw_only=True)
    host: str = field(kw_only=True)

    @property
    def name(self) -> str:
        """A name of its own for the target, and so for its network."""
        return f"t{abs(hash(str(self.base))) % 10**10}"

    def configure_box(self, block: str = "", more: str = "", rest: str = "") -> None:
        """Make a run configuration for the engine the whole configuration, and apply it."""
        self.project.hcl(
            CONFIGURATION.format(
                name=self.name,
                host=self.host,
                python=system_python(),
                base=self.base_image,
                block=block,
                more=more,
            )
            + rest
        )
        self.run("apply", "-update-lock", "-auto-approve")

    def script(self, text: str, block: str = "", **more: str) -> None:
        """Make a script the run `train`."""
        self.write("train.py", text)
        self.configure_box(block, **more)

    @property
    def containers(self) -> list[ContainerSeen]:
        """The containers of this test's runs."""
        found = self.engine.containers({ROLE: JOB})
        return [each for each in found if each.labels.get(FOLDER, "").startswith(str(self.data))]

    def await_output(self, text: str = "ready") -> Path:
        """Wait until a script printed something; the folder of its run."""

        def printed() -> list[Path]:
            return [it for it in self.folders() if text in _text(it / "log.txt")]

        assert wait_until(lambda: bool(printed()), PATIENCE), [
            _text(it / "log.txt") for it in self.folders()
        ]
        return printed()[0]

    def await_ended(self, folder: Path) -> dict[str, Any]:
        """Wait until a run has its last status, as its supervisor tells it; that event."""

        def final() -> dict[str, Any] | None:
            lines = _text(folder / "events" / "supervisor.jsonl").splitlines()
            events = [json.loads(line) for line in lines if '"status"' in line]
            final = {"Completed", "Failed", "Canceled"}
            return next((event for event in events if event.get("status") in final), None)

        assert wait_until(lambda: final() is not None, PATIENCE)
        found = final()
        assert found is not None
        return found

    def kill_all_of(self, folder: Path, *names: str) -> None:
        """Kill processes of a run at one moment: `mark` its supervisor, `guard`, `script`."""
        kept = json.loads((folder / "supervisor.json").read_text())
        numbers = [kept[name][0] for name in names]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in numbers:
                os.kill(process, number)

    def clear(self) -> None:
        """Remove everything that is left on the engine."""
        self.end_all()
        for container in self.containers:
            with suppress(ProviderError):
                self.engine.remove_container(container.id, force=True)
        state = self.root / "amlplan.state.json"
        records = json.loads(state.read_text())["records"] if state.exists() else {}
        for record in records.values():
            with suppress(ProviderError):
                self.engine.remove_image(use_of(record["identity"]))
            network = record["outputs"]["values"].get("network_name")
            if network is not None:
                with suppress(ProviderError):
                    self.engine.remove_network(network)


def container_runs(
    project: Project, base: Path, engine: Engine, image: str, host: str
) -> ContainerRuns:
    """A project of its own; `host` is the address that it reaches the engine at."""
    return ContainerRuns(project, base, engine=engine, base_image=image, host=host)


def run_of(container: ContainerSeen) -> str:
    """The run that a container is of."""
    return container.labels[RUN]


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""
