"""What images are made from here: a package index of one package, and layers built once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docker_image_workbench import DockerImages
from package_index import served, wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from services.docker import Service


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("index")
    wheel(folder / "simple" / "thing", "thing", "1.0")
    with served(folder) as server:
        yield f"http://{server.address}"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def bench(docker: Service, index: str, cache: Path, tmp_path: Path) -> Iterator[DockerImages]:
    bench = DockerImages(tmp_path, docker, index, cache)
    yield bench
    bench.clear()
