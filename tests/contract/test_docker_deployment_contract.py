"""Deployments on a Docker engine keep the contract of providers, on a real engine."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from amlplan.provider import Missing, Unreachable
from amlplan.testing import CANARY, ProviderContract, StandInOperation, with_inputs
from amlplan_docker.deployments.documents import DATA
from amlplan_docker.deployments.removal import remove_deployment
from amlplan_schemas.state import Secret, Tree
from docker_deployment_workbench import DockerDeployments
from docker_image_workbench import DockerImages
from package_index import served, wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.provider import Desired
    from amlplan_docker.deployment import DockerDeployment
    from amlplan_schemas.state import Record
    from services.docker import Service

pytestmark = pytest.mark.slow
SECRET = Secret(digest="0")


@pytest.fixture(scope="module")
def module_bench(
    docker: Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DockerDeployments]:
    folder = tmp_path_factory.mktemp("deployments")
    wheel(folder / "index" / "simple" / "thing", "thing", "1.0")
    with served(folder / "index") as server:
        address = f"http://{server.address}"
        bench = DockerDeployments(DockerImages(folder, docker, address, folder / "cache"))
        yield bench
        bench.clear()


class TestDockerDeployment(ProviderContract):
    @pytest.fixture(autouse=True)
    def _bench(self, module_bench: DockerDeployments) -> Iterator[None]:
        self.bench = module_bench
        yield
        self.bench.remove_deployments()

    def provider(self) -> DockerDeployment:
        return self.bench.provider

    def desired(self, identity: str) -> Desired:
        return self.bench.desired(self.bench.image("one"), f"{self.bench.name}/{identity}/1")

    def changed(self, desired: Desired) -> Desired:
        changed = self.bench.desired(self.bench.image("two"), desired.identity)
        return with_inputs(changed, replicas=2)

    def remove_outside(self, record: Record) -> None:
        remove_deployment(self.bench.engine, self.bench.names(record), 1)

    def test_an_engine_that_does_not_answer_is_not_missing(self) -> None:
        desired = self.desired("contract:1")
        record = self._create(desired)
        away = Tree(values={"host": "unix:///nowhere/docker.sock"})
        target = self.bench.target.model_copy(update={"connection": away})
        gone = replace(desired, targets={**desired.targets, "target": target})
        assert isinstance(self._read(record, gone), Unreachable)

    def test_another_engine_knows_nothing(self) -> None:
        desired = self.desired("contract:1")
        record = self._create(desired)
        outputs = Tree(values={**record.outputs.values, "engine": "another"})
        elsewhere = record.model_copy(update={"outputs": outputs})
        assert isinstance(self._read(elsewhere, desired), Unreachable)


class TestDockerDeploymentWithSecret(TestDockerDeployment):
    def desired(self, identity: str) -> Desired:
        return self.bench.desired(
            self.bench.image("one"),
            f"{self.bench.name}/{identity}/1",
            env={"TOKEN": CANARY},
            sensitive={"/env/TOKEN"},
        )

    def test_what_was_created_is_found(self) -> None:
        """Not for certain, as nobody keeps which secret it was given; create then adopts it."""
        desired = self.desired("contract:1")
        record = self._create(desired)
        kept = record.model_copy(
            update={"inputs": record.inputs.model_copy(update={"secrets": {"/env/TOKEN": SECRET}})}
        )
        assert self.provider().find(kept, desired.targets) == Missing()
        again = self.provider().create(desired, StandInOperation())
        assert self.compared(again) == self.compared(record.outputs.values)

    def test_no_secret_is_in_containers_documents_or_logs(self) -> None:
        record = self._create(self.desired("contract:1"))
        engine, names = self.bench.engine, self.bench.names(record)
        told: list[str] = []
        for item in self.bench.containers(record):
            told += [json.dumps(dict(item.env)), json.dumps(dict(item.labels)), str(item.command)]
            told.append(b"".join(engine.logs(item.id)).decode())
        told.append(b"".join(engine.get(names.front, DATA)).decode(errors="replace"))
        assert CANARY not in "".join(told)
