"""A workspace, a model and an environment from which images are made on a real engine."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from amlplan.provider import Desired, Draft, ProviderContext, Referred
from amlplan.registry import Registry
from amlplan.testing import StandInOperation, record_of
from amlplan_docker.engine.failures import ConflictError, NotThereError
from amlplan_docker.image import DockerImage
from amlplan_docker.images.names import OURS, divided, use_of
from amlplan_docker.images.use import next_of
from amlplan_schemas.state import Record, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.provider import Outputs
    from amlplan_docker.engine.client import Engine
    from services.docker import Service

WORKSPACE = {"address": "workspace.main", "kind": "workspace", "identity": "lineage:workspace:1"}
SCRIPT = "def init(): ...\ndef run(data): return {word!r}\n"


@dataclass
class DockerImages:
    """The folders of one test; what it makes on the engine is called by `name` and goes with it."""

    folder: Path
    service: Service
    index: str
    cache: Path
    requirement: str = "thing==1.0"
    name: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex[:8]}")
    _holders: set[str] = field(default_factory=set)

    @cached_property
    def context(self) -> ProviderContext:
        root = self.folder / "root"
        root.mkdir(parents=True, exist_ok=True)
        context = ProviderContext(root, self.folder / "data", self.cache)
        return Registry(context).context

    @property
    def root(self) -> Path:
        return self.context.root

    @property
    def engine(self) -> Engine:
        return self.service.engine

    @cached_property
    def provider(self) -> DockerImage:
        return DockerImage(self.context)

    @cached_property
    def workspace(self) -> Record:
        return self._made("workspace", {"name": "main"}, {}, WORKSPACE["identity"])[1]

    @cached_property
    def builder(self) -> Record:
        return Record(
            address="compute.box",
            kind="compute.docker",
            name="box",
            generation=1,
            identity="lineage:box:1",
            provider="docker",
            outputs=Tree(values={"identity": self.engine.identity()}),
            connection=Tree(values={"host": self.service.host}),
        )

    def model(self, files: Mapping[str, bytes], name: str = "ridge") -> tuple[Desired, Record]:
        source = self.root / name
        source.mkdir(exist_ok=True)
        for path, data in files.items():
            (source / path).write_bytes(data)
        values = {"name": name, "workspace": WORKSPACE, "source": name}
        targets = {"workspace": self.workspace}
        return self._made("model", values, targets, f"{self.name}:{name}:1")

    def environment(self, **values: Any) -> tuple[Desired, Record]:
        docker = {"base_image": self.service.base, **values.pop("docker", {})}
        given = {
            "name": "sk",
            "workspace": WORKSPACE,
            "python": self.service.base.rpartition(":")[2],
            "requirements": [self.requirement],
            "index_url": self.index,
            "docker": docker,
            **values,
        }
        targets = {"workspace": self.workspace}
        return self._made("environment", given, targets, f"{self.name}:sk:1")

    def image(
        self,
        identity: str | None = None,
        word: str = "one",
        *,
        environment: Mapping[str, Any] | None = None,
        lock: Mapping[str, Mapping[str, Any]] | None = None,
        model: Mapping[str, bytes] | None = None,
        **values: Any,
    ) -> Desired:
        """An image whose script answers with a word, locked and derived, not made.

        No other test has one of this content: what it has is not adopted, and goes without harm.
        """
        (self.root / "score.py").write_text(SCRIPT.format(word=f"{word} of {self.name}"))
        wanted_model, model_record = self.model(model or {"weights.bin": b"weights"})
        wanted, environment_record = self.environment(**(environment or {}))
        identity = identity or f"{self.name}:image:1"
        self._holders |= {use_of(identity), use_of(next_of(identity))}
        given = {
            "name": self.name,
            "workspace": WORKSPACE,
            "builder": _reference(self.builder),
            "models": [_reference(model_record)],
            "entry_script": "score.py",
            "environment": _reference(environment_record),
            **values,
        }
        desired = Desired(
            "image.scorer",
            "image@docker",
            self.name,
            identity,
            DockerImage.kind.inputs.model_validate(given),
            {},
            {
                "workspace": self.workspace,
                "builder": self.builder,
                "environment": environment_record,
                "models.0": model_record,
            },
            referred={
                "builder": _seen(self.builder, connection={"host": self.service.host}),
                "environment": _referred(wanted, environment_record),
                "models.0": _referred(wanted_model, model_record),
            },
        )
        return self.completed(replace(desired, lock=lock or {}))

    def by_reference(self, reference: str, **values: Any) -> Desired:
        """An image that was built elsewhere."""
        given = {
            "name": self.name,
            "workspace": WORKSPACE,
            "builder": _reference(self.builder),
            "reference": reference,
            **values,
        }
        identity = f"{self.name}:image:1"
        self._holders |= {use_of(identity), use_of(next_of(identity))}
        desired = Desired(
            "image.scorer",
            "image@docker",
            self.name,
            identity,
            DockerImage.kind.inputs.model_validate(given),
            {},
            {"workspace": self.workspace, "builder": self.builder},
            referred={"builder": _seen(self.builder)},
        )
        return self.completed(desired)

    def completed(self, desired: Desired) -> Desired:
        """The same with what the lock lacks resolved, and with facts of its content."""
        desired = locked(self.provider, desired)
        return replace(desired, derived=self.provider.derive(draft_of(desired)))

    def created(self, desired: Desired) -> Record:
        outputs = self.provider.create(desired, StandInOperation())
        return record_of(desired, outputs, self.provider)

    def clear(self) -> None:
        """Take everything away that was made under the name of this test."""
        for image in self.engine.images({}):
            mine = [name for name in image.tags if self._is_mine(name)]
            for name in [*mine, *(image.digests if mine and len(mine) == len(image.tags) else ())]:
                try:
                    self.engine.remove_image(name)
                except (ConflictError, NotThereError):
                    continue

    def _is_mine(self, name: str) -> bool:
        return divided(name)[0].endswith(f"/{self.name}") or name in self._holders

    def _made(
        self, kind: str, values: Mapping[str, Any], targets: Mapping[str, Record], identity: str
    ) -> tuple[Desired, Record]:
        provider: Any = self.context.provider_of(kind)
        inputs = provider.kind.inputs.model_validate(values)
        desired = Desired(f"{kind}.{inputs.name}", kind, inputs.name, identity, inputs, {}, targets)
        desired = locked(provider, desired)
        if hasattr(provider, "derive"):
            desired = replace(desired, derived=provider.derive(draft_of(desired)))
        outputs: Outputs = provider.create(desired, StandInOperation())
        return desired, record_of(desired, outputs, provider)


def draft_of(desired: Desired) -> Draft:
    """A resource before apply, with all of its inputs known."""
    return Draft(
        desired.address,
        desired.kind,
        desired.name,
        desired.inputs.model_dump(mode="json"),
        frozenset(),
        desired.lock,
        desired.referred,
    )


def locked(provider: Any, desired: Desired) -> Desired:
    """What `amlplan lock` does: ask until nothing new is asked for."""
    if not hasattr(provider, "lock_requests"):
        return desired
    for _ in itertools.count():
        draft = draft_of(desired)
        new = [item for item in provider.lock_requests(draft) if item.key not in desired.lock]
        if not new:
            return desired
        answers = {item.key: provider.resolve(item, draft, StandInOperation()) for item in new}
        desired = replace(desired, lock={**desired.lock, **answers})
    raise AssertionError


def _reference(record: Record) -> dict[str, str]:
    return {"address": record.address, "kind": record.kind, "identity": record.identity}


def _seen(record: Record, **more: Any) -> Referred:
    return Referred(record.address, record.kind, {**record.outputs.values, **more})


def _referred(desired: Desired, record: Record) -> Referred:
    values = {
        **desired.inputs.model_dump(mode="json"),
        **desired.derived,
        **record.outputs.values,
    }
    return Referred(desired.address, desired.kind, values, desired.lock)


def names_on(engine: Engine, image_id: str) -> set[str]:
    """The names of ours that an image has."""
    seen = engine.image(image_id)
    return {name for name in seen.tags if name.startswith(f"{OURS}/")} if seen else set()
