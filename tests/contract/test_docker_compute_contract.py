"""The compute target on a real Docker engine keeps the contract of providers."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import ProviderError, UnreachableError
from amlplan.provider import (
    Desired,
    Draft,
    Imported,
    Missing,
    Present,
    ProviderContext,
    Unreachable,
)
from amlplan.registry import Registry
from amlplan.testing import ProviderContract, StandInOperation, record_of, with_inputs
from amlplan_docker.compute import DockerCompute
from amlplan_docker.engine.client import Engine
from amlplan_docker.labels import (
    ADDRESS,
    FRONT,
    IDENTITY,
    JOB,
    LINEAGE,
    NETWORK,
    REPLICA,
    ROLE,
    RUN,
)
from amlplan_schemas.state import Record, Tree
from docker_objects import Objects, remove_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from services.docker import Service

WORKSPACE = {"address": "workspace.main", "kind": "workspace", "identity": "lineage:workspace:1"}
KIND = "compute.docker"


class ComputeOnEngine:
    """Targets of one test: each with a lineage, and so with networks, of its own."""

    @pytest.fixture(autouse=True)
    def _places(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        docker: Service,
        objects: Objects,
    ) -> Iterator[None]:
        self.monkeypatch, self.service, self.objects = monkeypatch, docker, objects
        self.engine = docker.engine
        root = tmp_path / "root"
        root.mkdir()
        context = ProviderContext(root, tmp_path / "data", tmp_path / "cache")
        self.context = Registry(context).context
        yield
        objects.clear()  # what is on the networks first
        remove_all(self.engine, {LINEAGE: objects.name})

    def provider(self) -> DockerCompute:
        return DockerCompute(self.context)

    def desired(self, identity: str, **values: Any) -> Desired:
        """A target; what the contract calls it comes after the lineage of this test."""
        given = {
            "name": self.objects.name,
            "workspace": WORKSPACE,
            "connection": {"host": self.service.host},
            **values,
        }
        inputs = DockerCompute.kind.inputs.model_validate(given)
        name = self.objects.name
        return Desired("compute.box", KIND, name, f"{name}/compute.box/{identity}", inputs, {}, {})

    def record(self, desired: Desired, outputs: Any = None) -> Record:
        if outputs is None:
            outputs = self.provider().create(desired, StandInOperation())
        return connected(record_of(desired, outputs, self.provider()), desired)

    def draft(self, desired: Desired) -> Draft:
        values = desired.inputs.model_dump(mode="json")
        return Draft(desired.address, KIND, desired.name, values, frozenset())


def connected(record: Record, desired: Desired) -> Record:
    connection = desired.inputs.connection.model_dump(mode="json")
    return record.model_copy(update={"connection": Tree(values={"connection": connection})})


class TestContract(ComputeOnEngine, ProviderContract):
    leaves_something = False  # what is left is an engine, which nobody made

    def changed(self, desired: Desired) -> Desired:
        return with_inputs(desired, description="other")

    def elsewhere(self) -> contextlib.AbstractContextManager[None]:
        @contextlib.contextmanager
        def away() -> Iterator[None]:
            with self.monkeypatch.context() as patch:
                patch.setattr(Engine, "identity", lambda engine: "another engine")
                yield

        return away()


@pytest.fixture(autouse=True)
def _records_have_connections(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Have the records that the contract makes keep the connection, as those of apply do."""
    import amlplan.testing

    plain = amlplan.testing.record_of
    monkeypatch.setattr(
        amlplan.testing,
        "record_of",
        lambda desired, outputs, provider: connected(plain(desired, outputs, provider), desired),
    )


class TestNetwork(ComputeOnEngine):
    def test_it_is_made_labelled_and_removed(self) -> None:
        desired = self.desired("1")
        record = self.record(desired)
        name = f"amlplan-{self.objects.name}"
        network = self.engine.network(name)
        assert network is not None
        assert record.outputs.values["network_name"] == name
        assert record.outputs.values["network_id"] == network.id
        assert network.labels == {
            IDENTITY: desired.identity,
            LINEAGE: self.objects.name,
            ADDRESS: "compute.box",
            ROLE: NETWORK,
        }
        self.provider().delete(record, {}, StandInOperation())
        assert self.engine.network(name) is None

    def test_one_that_is_there_is_used_and_left(self) -> None:
        network = self.engine.create_network(self.objects.name, self.objects.labels)
        desired = self.desired("1", network=self.objects.name)
        record = self.record(desired)
        assert record.outputs.values["network_id"] == network.id
        self.provider().delete(record, {}, StandInOperation())
        assert self.engine.network(self.objects.name) == network

    def test_another_projects_of_the_same_name_is_not_taken(self) -> None:
        name = f"amlplan-{self.objects.name}"
        other = self.engine.create_network(name, self.objects.labels)
        desired = self.desired("1")
        record = self.record(desired)
        assert record.outputs.values["network_name"].startswith(f"{name}-")
        again = self.record(desired)
        assert again.outputs.values["network_id"] == record.outputs.values["network_id"]
        self.provider().delete(record, {}, StandInOperation())
        assert self.engine.network(name) == other

    def test_it_stays_while_something_else_is_on_it(self) -> None:
        record = self.record(self.desired("1"))
        name = record.outputs.values["network_name"]
        self.objects.run(network=name)
        operation = StandInOperation()
        self.provider().delete(record, {}, operation)
        assert self.engine.network(name) is not None
        assert any(self.objects.name in text for text in operation.texts)

    def test_one_that_went_is_drift_and_comes_back(self) -> None:
        desired = self.desired("1")
        record = self.record(desired)
        self.engine.remove_network(record.outputs.values["network_name"])
        seen = self.provider().read(record, {})
        assert isinstance(seen, Present)
        assert seen.outputs["network_id"] == ""
        outputs = self.provider().update(desired, record, StandInOperation())
        assert outputs["network_name"] == record.outputs.values["network_name"]
        assert outputs["network_id"] != record.outputs.values["network_id"]
        assert self.provider().read(self.record(desired, outputs), {}) == Present(
            outputs={"identity": outputs["identity"], "network_id": outputs["network_id"]}
        )

    def test_the_bridge_of_every_engine_is_refused(self) -> None:
        with pytest.raises(ProviderError, match="do not find each other by name in bridge"):
            self.provider().create(self.desired("1", network="bridge"), StandInOperation())

    def test_what_was_begun_is_found_by_its_identity(self) -> None:
        desired = self.desired("1")
        record = self.record(desired)
        draft = record.model_copy(update={"outputs": Tree()})
        found = self.provider().find(draft, {})
        assert isinstance(found, Present)
        assert found.outputs["network_id"] == record.outputs.values["network_id"]
        never = draft.model_copy(update={"identity": f"{self.objects.name}/compute.never/1"})
        assert self.provider().find(never, {}) == Missing()


class TestImport(ComputeOnEngine):
    def test_an_engine_is_taken_over_by_its_id_or_a_network(self) -> None:
        identity = self.engine.identity()
        draft = self.draft(self.desired("1"))
        assert self.provider().look_up(draft, {}, identity) == Missing()
        assert self.provider().look_up(draft, {}, "nosuch-engine") == Missing()
        network = self.engine.create_network(self.objects.name, self.objects.labels)
        found = self.provider().look_up(draft, {}, self.objects.name)
        assert isinstance(found, Imported)
        assert found.inputs == {"network": self.objects.name}
        assert found.outputs["network_id"] == network.id
        assert found.outputs["identity"] == identity
        assert found.identity is None
        named = self.draft(self.desired("1", network=self.objects.name))
        again = self.provider().look_up(named, {}, identity)
        assert isinstance(again, Imported)
        assert again.outputs["network_id"] == network.id

    def test_the_engine_that_is_there_now_may_be_accepted(self) -> None:
        record = self.record(self.desired("1"))
        values = {**record.outputs.values, "identity": "gone"}
        old = record.model_copy(update={"outputs": Tree(values=values)})
        seen = self.provider().read(old, {})
        assert isinstance(seen, Unreachable)
        assert "recorded on the engine gone" in seen.reason
        assert "-accept-identity=compute.box" in seen.reason
        with pytest.raises(ProviderError, match="recorded on the engine gone"):
            self.provider().delete(old, {}, StandInOperation())
        now = self.provider().with_identity_of_now(old, {})
        assert now.outputs == record.outputs


class TestPlan(ComputeOnEngine):
    def test_the_engine_is_looked_at_before_it_is_attached(self) -> None:
        refinement = self.provider().refine(self.draft(self.desired("1")), {}, None, {})
        assert refinement.expected == {"identity": self.engine.identity()}
        assert refinement.note is None

    def test_one_that_cannot_be_reached_is_told(self) -> None:
        desired = self.desired("1", connection={"host": "unix:///nosuch/docker.sock"})
        refinement = self.provider().refine(self.draft(desired), {}, None, {})
        assert "there is no such socket" in str(refinement.note)
        with pytest.raises(UnreachableError):
            self.provider().create(desired, StandInOperation())
        record = self.record(desired, {"identity": "x", "network_name": "y"})
        seen = self.provider().read(record, {})
        assert isinstance(seen, Unreachable)
        assert "there is no such socket" in seen.reason

    def test_a_wrong_address_is_an_error_of_the_block(self) -> None:
        desired = self.desired("1", connection={"host": "ftp://box"})
        with pytest.raises(ProviderError, match="ftp:// is no way") as refused:
            self.provider().refine(self.draft(desired), {}, None, {})
        assert refused.value.address == "compute.box"


class TestUse(ComputeOnEngine):
    @pytest.mark.parametrize("role", [FRONT, REPLICA])
    def test_deployments_keep_it(self, role: str) -> None:
        record = self.record(self.desired("1"))
        labels = {LINEAGE: self.objects.name, ROLE: role, ADDRESS: "deployment.prod"}
        name = self.objects.run(labels=labels, network=record.outputs.values["network_name"])
        with pytest.raises(ProviderError, match=r"deployment\.prod is served by compute\.box"):
            self.provider().delete(record, {}, StandInOperation())
        self.engine.remove_container(name, force=True)
        self.provider().delete(record, {}, StandInOperation())

    def test_runs_keep_it_whoever_started_them(self) -> None:
        record = self.record(self.desired("1"))
        labels = {ROLE: JOB, RUN: "run-7"}
        name = self.objects.run(labels=labels, network=record.outputs.values["network_name"])
        with pytest.raises(ProviderError, match="run-7 is running on") as refused:
            self.provider().delete(record, {}, StandInOperation())
        assert "amlplan runs cancel run-7" in refused.value.detail
        self.engine.remove_container(name, force=True)
        self.provider().delete(record, {}, StandInOperation())

    def test_what_is_elsewhere_on_the_engine_does_not_keep_it(self) -> None:
        record = self.record(self.desired("1"))
        labels = {LINEAGE: self.objects.name, ROLE: FRONT, ADDRESS: "deployment.other"}
        self.objects.run(labels=labels)
        self.provider().delete(record, {}, StandInOperation())

    def test_networks_are_listed_with_who_made_them(self) -> None:
        first, second = self.desired("1"), self.desired("2")
        second = replace(second, inputs=second.inputs.model_copy(update={"name": "other-box"}))
        records = [self.record(first), self.record(second)]
        listed = {item.identity: item.name for item in self.provider().list_objects(records)}
        for desired, record in zip((first, second), records, strict=True):
            assert listed[desired.identity] == record.outputs.values["network_name"]
