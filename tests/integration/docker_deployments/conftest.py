"""A workbench for deployments on the Docker engine of the tests, one for the tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan_docker.engine.failures import ConflictError, NotThereError
from docker_deployment_workbench import DockerDeployments
from docker_image_workbench import DockerImages
from package_index import served, wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker_workbench import DockerProject
    from services.docker import Service


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A package index, by its address."""
    folder = tmp_path_factory.mktemp("index")
    wheel(folder / "simple" / "thing", "thing", "1.0")
    with served(folder) as server:
        yield f"http://{server.address}"


@pytest.fixture(scope="module")
def module_bench(
    docker: Service, index: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DockerDeployments]:
    folder: Path = tmp_path_factory.mktemp("deployments")
    bench = DockerDeployments(DockerImages(folder, docker, index, folder / "cache"))
    yield bench
    bench.clear()


@pytest.fixture
def bench(module_bench: DockerDeployments) -> Iterator[DockerDeployments]:
    """Images that are made once, and deployments that go with their test."""
    yield module_bench
    module_bench.remove_deployments()


@pytest.fixture(name="served")
def project_with_images(docker_project: DockerProject) -> Iterator[DockerProject]:
    """A project; the images that it made or pulled go with it."""
    yield docker_project
    engine = docker_project.engine
    docker_project.clear()
    for image in engine.images({}):
        if any(f"/{docker_project.name}:" in name for name in image.tags):
            for name in image.tags:
                try:
                    engine.remove_image(name)
                except (ConflictError, NotThereError):
                    continue
