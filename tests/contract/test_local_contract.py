"""The local kinds keep the contract of providers."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.provider import Desired, Draft, ProviderContext
from amlplan.testing import CANARY, ProviderContract, StandInOperation, record_of, with_inputs
from amlplan_local import identity
from amlplan_local.compute import LocalCompute
from amlplan_local.datastore import LocalDatastore
from amlplan_local.environment import LocalEnvironment
from amlplan_local.model import LocalModel
from amlplan_local.workspace import LocalWorkspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_schemas.state import Record

WORKSPACE = {"address": "workspace.main", "kind": "workspace", "identity": "lineage:workspace:1"}


class LocalContract(ProviderContract):
    factory: type[Any]

    @pytest.fixture(autouse=True)
    def _places(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.context = ProviderContext(tmp_path / "root", tmp_path / "data", tmp_path / "cache")
        self.context.root.mkdir()

    def provider(self) -> Any:
        return self.factory(self.context)

    def make(self, kind: str, values: dict[str, Any], identity_: str, **more: Any) -> Desired:
        inputs = self.factory.kind.inputs.model_validate({"name": "thing", **values})
        return Desired(
            f"{kind.partition('.')[0]}.x",
            kind,
            inputs.name,
            identity_,
            inputs,
            more.get("derived", {}),
            more.get("targets", {}),
            more.get("lock", {}),
        )

    def draft(self, desired: Desired, **more: Any) -> Draft:
        values = desired.inputs.model_dump(mode="json")
        return Draft(
            desired.address, desired.kind, desired.name, values, frozenset(), more.get("lock", {})
        )

    def workspace(self) -> Record:
        provider = LocalWorkspace(self.context)
        inputs = provider.kind.inputs.model_validate({"name": "main"})
        desired = Desired(
            "workspace.main", "workspace", "main", WORKSPACE["identity"], inputs, {}, {}
        )
        outputs = provider.create(desired, StandInOperation())
        return record_of(desired, outputs, provider)

    def elsewhere(self) -> contextlib.AbstractContextManager[None]:
        @contextlib.contextmanager
        def away() -> Iterator[None]:
            with self.monkeypatch.context() as patch:
                patch.setattr(identity, "machine_id", lambda: "another machine")
                yield

        return away()


class TestWorkspace(LocalContract):
    factory = LocalWorkspace

    def desired(self, identity: str) -> Desired:
        return self.make("workspace", {"owners": ["user:ana"]}, identity)

    def changed(self, desired: Desired) -> Desired:
        return with_inputs(desired, readers=("group:audit",))

    def remove_outside(self, record: Record) -> None:
        shutil.rmtree(record.outputs.values["path"])


class TestWorkspaceWithPath(TestWorkspace):
    def desired(self, identity: str) -> Desired:
        return self.make("workspace", {"history": {"path": "history"}}, identity)


class TestDatastore(LocalContract):
    factory = LocalDatastore

    def desired(self, identity: str) -> Desired:
        values = {"workspace": WORKSPACE, "path": "data", "create_if_missing": True}
        return self.make("datastore.local", values, identity)

    def changed(self, desired: Desired) -> Desired:
        return with_inputs(desired, default=True)

    def remove_outside(self, record: Record) -> None:
        (self.context.root / "data").rmdir()


class TestCompute(LocalContract):
    factory = LocalCompute
    leaves_something = False

    def desired(self, identity: str) -> Desired:
        return self.make("compute.local", {"workspace": WORKSPACE}, identity)

    def changed(self, desired: Desired) -> Desired:
        return with_inputs(desired, description="other")


class TestEnvironment(LocalContract):
    factory = LocalEnvironment

    def desired(self, identity: str) -> Desired:
        targets = {"workspace": self.workspace()}
        values = {
            "workspace": WORKSPACE,
            "python": "3.11",
            "requirements": ["six"],
            "index_url": f"https://ana:{CANARY}@packages.example.net/simple",
        }
        return self._locked(self.make("environment", values, identity, targets=targets))

    def changed(self, desired: Desired) -> Desired:
        return self._locked(with_inputs(desired, requirements=("six>1",)))

    def _locked(self, desired: Desired) -> Desired:
        (request,) = self.provider().lock_requests(self.draft(desired))
        assert CANARY not in str(request)
        packages = [{"name": "six", "version": "1.17.0", "hashes": ["sha256:00"]}]
        lock = {request.key: {"python": "3.11", "packages": packages}}
        derived = self.provider().derive(self.draft(desired, lock=lock))
        return replace(desired, derived=derived, lock=lock)

    def remove_outside(self, record: Record) -> None:
        store = next((self.context.data_folder / "workspaces").iterdir()) / "store"
        shutil.rmtree(store / "environments")


class TestModel(LocalContract):
    factory = LocalModel

    def desired(self, identity: str) -> Desired:
        source = self.context.root / "model"
        source.mkdir(exist_ok=True)
        (source / "weights.bin").write_bytes(b"weights")
        values = {
            "workspace": WORKSPACE,
            "source": "model",
            "aliases": {"candidate": "latest", "prod": "this"},
        }
        targets = {"workspace": self.workspace()}
        return self._derived(self.make("model", values, identity, targets=targets))

    def changed(self, desired: Desired) -> Desired:
        (self.context.root / "model" / "weights.bin").write_bytes(b"other weights")
        return self._derived(with_inputs(desired, aliases={"prod": "this"}))

    def _derived(self, desired: Desired) -> Desired:
        return replace(desired, derived=self.provider().derive(self.draft(desired)))

    def remove_outside(self, record: Record) -> None:
        store = next((self.context.data_folder / "workspaces").iterdir()) / "store"
        shutil.rmtree(store / "models")
