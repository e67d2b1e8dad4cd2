"""The local kinds keep the contract of providers."""

from __future__ import annotations

import contextlib
import shutil
import socket
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from amlplan.errors import ProviderError
from amlplan.processes import end_process, mark_of
from amlplan.provider import Desired, Draft, Missing, ProviderContext, Referred
from amlplan.testing import CANARY, ProviderContract, StandInOperation, record_of, with_inputs
from amlplan_local import identity
from amlplan_local.compute import LocalCompute
from amlplan_local.datastore import LocalDatastore
from amlplan_local.deployment import LocalDeployment
from amlplan_local.environment import LocalEnvironment
from amlplan_local.image import LocalImage
from amlplan_local.model import LocalModel
from amlplan_local.workspace import LocalWorkspace
from amlplan_serve.client import ServerClient
from local_workbench import wait_until

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


class ServingContract(LocalContract):
    """Builds what an image and a deployment lean on, with an interpreter that is there."""

    def environment(self, workspace: Record) -> Desired:
        provider = LocalEnvironment(self.context)
        values = {"name": "py", "workspace": WORKSPACE, "user_managed": True}
        inputs = provider.kind.inputs.model_validate({**values, "interpreter": sys.executable})
        desired = Desired(
            "environment.py", "environment", "py", "lineage:py:1", inputs, {}, {}, {}, {}
        )
        derived = provider.derive(self.draft(desired))
        return replace(desired, derived=derived, targets={"workspace": workspace})

    def image(self, identity_: str, word: str = "one") -> Desired:
        """An image of a script that answers with a word, its environment already recorded."""
        script = self.context.root / "score.py"
        script.write_text(f"def init(): ...\ndef run(data): return {word!r}\n")
        workspace = self.workspace()
        environment = self.environment(workspace)
        provider = LocalEnvironment(self.context)
        outputs = provider.create(environment, StandInOperation())
        values = {**environment.inputs.model_dump(mode="json"), **outputs}
        desired = Desired(
            "image.scorer",
            "image",
            "scorer",
            identity_,
            LocalImage.kind.inputs.model_validate(
                {
                    "name": "scorer",
                    "workspace": WORKSPACE,
                    "entry_script": "score.py",
                    "environment": reference(environment),
                }
            ),
            {},
            {"workspace": workspace, "environment": record_of(environment, outputs, provider)},
            referred={"environment": Referred("environment.py", "environment", values)},
        )
        draft = replace(self.draft(desired), referred=desired.referred)
        return replace(desired, derived=LocalImage(self.context).derive(draft))


class TestImage(ServingContract):
    factory = LocalImage

    def desired(self, identity: str) -> Desired:
        return self.image(identity)

    def changed(self, desired: Desired) -> Desired:
        return self.image(desired.identity, "two")

    def remove_outside(self, record: Record) -> None:
        shutil.rmtree(record.outputs.values["path"])


class TestDeployment(ServingContract):
    factory = LocalDeployment
    env: ClassVar[dict[str, str]] = {"COLOUR": "red"}
    sensitive: ClassVar[frozenset[str]] = frozenset()

    @pytest.fixture(autouse=True)
    def _nothing_left(self, _places: None) -> Iterator[None]:
        yield
        for control in self.context.data_folder.glob("deployments/*/control.sock"):
            mark = mark_of(ServerClient(str(control)).status().pid)
            assert mark is not None
            assert end_process(mark, 0.0)

    def desired(self, identity: str) -> Desired:
        return self._of(self.image("lineage:image:1"), identity)

    def changed(self, desired: Desired) -> Desired:
        changed = self._of(self.image("lineage:image:1", "two"), desired.identity)
        return with_inputs(changed, replicas=2)

    def remove_outside(self, record: Record) -> None:
        shutil.rmtree(next(self.context.data_folder.glob("deployments/*")))
        port = int(record.outputs.values["scoring_uri"].split(":")[2].split("/")[0])
        assert wait_until(lambda: not _listens(port))

    def test_a_target_that_serves_nothing_is_refused(self) -> None:
        desired = self.desired("contract:1")
        far = Referred("compute.far", "compute.far", {})
        draft = replace(self.draft(desired), referred={"target": far})
        with pytest.raises(ProviderError, match=r"compute\.far, of kind compute\.far"):
            self.provider().derive(draft)

    def _of(self, image: Desired, identity: str) -> Desired:
        provider = LocalImage(self.context)
        outputs = provider.create(image, StandInOperation())
        inputs = LocalDeployment.kind.inputs.model_validate(
            {
                "name": "prod",
                "workspace": WORKSPACE,
                "image": reference(image),
                "target": {"address": "compute.x", "kind": "compute.local", "identity": "x"},
                "env": self.env,
            }
        )
        record = record_of(image, outputs, provider)
        derived = {"image_digest": outputs["digest"], "variables": outputs["variables"]}
        return Desired(
            "deployment.prod",
            "deployment",
            "prod",
            identity,
            inputs,
            derived,
            {"workspace": image.targets["workspace"], "image": record},
            sensitive=self.sensitive,
        )


class TestDeploymentWithSecret(TestDeployment):
    env: ClassVar[dict[str, str]] = {"TOKEN": CANARY}
    sensitive: ClassVar[frozenset[str]] = frozenset({"/env/TOKEN"})

    def test_what_was_created_is_found(self) -> None:
        """Not for certain, as nobody keeps which secret it was given; create then adopts it."""
        desired = self.desired("contract:1")
        record = self._create(desired)
        assert self.provider().find(record, desired.targets) == Missing()
        assert self.provider().create(desired, StandInOperation()) == record.outputs.values
        for path in self.context.data_folder.rglob("*"):
            assert not path.is_file() or CANARY.encode() not in path.read_bytes()


def reference(desired: Desired) -> dict[str, str]:
    return {"address": desired.address, "kind": desired.kind, "identity": desired.identity}


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0
