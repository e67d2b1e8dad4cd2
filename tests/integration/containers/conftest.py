from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from container_workbench import ContainerRuns, container_runs
from engine_proxy import EngineProxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.project import Project
    from services.docker import Service


@pytest.fixture
def boxed(project: Project, tmp_path: Path, docker: Service) -> Iterator[ContainerRuns]:
    """Runs on the engine at its socket."""
    found = container_runs(project, tmp_path, docker.engine, docker.base, docker.host)
    yield found
    found.clear()


@pytest.fixture
def proxy(docker: Service) -> Iterator[EngineProxy]:
    found = EngineProxy(docker.host)
    yield found
    found.close()


@pytest.fixture
def remote(
    project: Project, tmp_path: Path, docker: Service, proxy: EngineProxy
) -> Iterator[ContainerRuns]:
    """Runs on the engine as if it were another machine's."""
    found = container_runs(project, tmp_path, docker.engine, docker.base, proxy.host)
    yield found
    found.clear()
