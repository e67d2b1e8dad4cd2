"""Images on a Docker engine keep the contract of providers, on a real engine."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from amlplan.testing import CANARY, ProviderContract
from amlplan_schemas.state import Tree
from docker_image_workbench import DockerImages
from package_index import served, wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan.provider import Desired
    from amlplan_docker.image import DockerImage
    from amlplan_schemas.state import Record
    from services.docker import Service

LOGIN = f"ana:{CANARY}"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A package index that wants a login, with its address that has it."""
    folder = tmp_path_factory.mktemp("index")
    wheel(folder / "simple" / "thing", "thing", "1.0")
    with served(folder, LOGIN) as server:
        yield f"http://{LOGIN}@{server.address}"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


class TestDockerImage(ProviderContract):
    @pytest.fixture(autouse=True)
    def _bench(self, docker: Service, index: str, cache: Path, tmp_path: Path) -> Iterator[None]:
        self.bench = DockerImages(tmp_path, docker, index, cache)
        yield
        self.bench.clear()

    def provider(self) -> DockerImage:
        return self.bench.provider

    def desired(self, identity: str) -> Desired:
        return self.bench.image(f"{self.bench.name}:{identity}")

    def changed(self, desired: Desired) -> Desired:
        return self.bench.image(desired.identity, "two")

    def remove_outside(self, record: Record) -> None:
        self.bench.engine.remove_image(record.outputs.values["image_id"], force=True)

    def test_an_engine_that_does_not_answer_is_not_missing(self) -> None:
        desired = self.desired("contract:1")
        record = self._create(desired)
        away = Tree(values={"host": f"tcp://127.0.0.1:{closed_port()}"})
        builder = self.bench.builder.model_copy(update={"connection": away})
        gone = replace(desired, targets={**desired.targets, "builder": builder})
        observed = self._read(record, gone)
        assert type(observed).__name__ == "Unreachable"

    def test_no_secret_is_in_the_image_or_its_history(self) -> None:
        desired = self.desired("contract:1")
        record = self._create(desired)
        bytes_of = b"".join(self.bench.engine.save([record.outputs.values["tag"]]))
        assert b"amlplan" in bytes_of
        assert CANARY.encode() not in bytes_of
        assert CANARY not in str(desired.lock)
        assert CANARY not in record.outputs.model_dump_json()


def closed_port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
