"""A project whose compute target is a Docker engine, for tests that drive the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amlplan_docker.labels import LINEAGE
from docker_objects import remove_all

if TYPE_CHECKING:
    from amlplan_docker.engine.client import Engine
    from harness.project import Project, Result
    from services.docker import Service

STATE = "amlplan.state.json"


class DockerProject:
    """A project with `workspace.main` and `compute.box`; what it makes goes with it."""

    def __init__(self, project: Project, service: Service, name: str) -> None:
        self.project = project
        self.service = service
        self.name = name
        """A name that no other test has, for whatever is called something on the engine."""

    @property
    def engine(self) -> Engine:
        return self.service.engine

    @property
    def network(self) -> str:
        return f"amlplan-{self.name}"

    def configure(
        self, more: str = "", *, connection: str | None = None, compute: str = ""
    ) -> None:
        """Make a workspace, the target and more the whole configuration.

        `connection` has the arguments of that block, `compute` further ones of the target.
        """
        connection = f'host = "{self.service.host}"' if connection is None else connection
        self.project.hcl(f"""
workspace "main" {{}}

compute "docker" "box" {{
  name = "{self.name}"
  {compute}
  connection {{
    {connection}
  }}
}}
{more}
""")

    def run(self, *arguments: str, code: int | None = 0) -> Result:
        return self.project.run(*arguments, code=code)

    @property
    def state(self) -> Any:
        """The state as it is on disk."""
        return json.loads((self.project.root / STATE).read_text())

    @property
    def lineage(self) -> str:
        return str(self.state["lineage"])

    def outputs(self, address: str) -> Any:
        """The outputs of a resource as they are recorded."""
        return self.state["records"][address]["outputs"]["values"]

    def clear(self) -> None:
        """Remove what was made on the engine, however far it came."""
        if (self.project.root / STATE).exists():
            remove_all(self.engine, {LINEAGE: self.lineage})
