"""Images and deployments of them on a real engine, for tests; everything goes with its test."""

from __future__ import annotations

import json
import ssl
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from amlplan.provider import Desired, Referred
from amlplan.testing import StandInOperation, record_of
from amlplan_docker.deployment import DockerDeployment
from amlplan_docker.deployments.names import Names
from amlplan_docker.deployments.removal import remove_deployment
from amlplan_schemas.state import Record, Tree
from docker_image_workbench import WORKSPACE, DockerImages, draft_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Refinement
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen

SCRIPT = """
import os, time
def init():
    print("init of {word}", flush=True)
{init}
def run(data):
{run}
"""
"""A script of which a word, and lines of its functions, are filled in."""


@dataclass
class DockerDeployments:
    """One deployment, its images, and the network that it is in."""

    images: DockerImages
    kept: dict[str, Record] = field(default_factory=dict)
    locks: dict[str, Any] = field(default_factory=dict)
    identities: set[str] = field(default_factory=set)

    @property
    def engine(self) -> Engine:
        return self.images.engine

    @property
    def name(self) -> str:
        return self.images.name

    @cached_property
    def provider(self) -> DockerDeployment:
        return DockerDeployment(self.images.context)

    @cached_property
    def target(self) -> Record:
        network = self.engine.create_network(f"amlplan-{self.name}", {"test": self.name})
        box = self.images.builder
        outputs = {**box.outputs.values, "network_name": network.name, "network_id": network.id}
        return box.model_copy(update={"outputs": Tree(values=outputs)})

    def image(
        self, word: str, init: str = "    pass", run: str | None = None, **more: Any
    ) -> Record:
        """An image whose script answers with a word and what it was asked; made once."""
        if word in self.kept:
            return self.kept[word]
        answer = f"    return {{'said': {word!r}, 'asked': data}}" if run is None else run
        desired = self.images.image(f"{self.name}:image:{word}", word, **more)
        script = SCRIPT.format(word=word, init=init, run=answer)
        (self.images.root / "score.py").write_text(script)
        desired = self.images.completed(desired)
        self.kept[word] = self.images.created(desired)
        self.locks[self.kept[word].identity] = desired.lock
        return self.kept[word]

    def desired(self, image: Record, identity: str | None = None, **values: Any) -> Desired:
        """A deployment of an image."""
        identity = identity or f"lineage/deployment.prod/{self.name}/1"
        self.identities.add(identity)
        sensitive = frozenset(values.pop("sensitive", ()))
        given = {
            "name": self.name,
            "workspace": WORKSPACE,
            "image": reference_to(image),
            "target": reference_to(self.target),
            **values,
        }
        seen = {**image.inputs.values, **image.outputs.values, **image.derived}
        desired = Desired(
            "deployment.prod",
            "deployment@docker",
            self.name,
            identity,
            DockerDeployment.kind.inputs.model_validate(given),
            {},
            {"workspace": self.images.workspace, "image": image, "target": self.target},
            referred={
                "image": Referred(image.address, image.kind, seen, self.locks[image.identity]),
                "target": Referred(
                    self.target.address, self.target.kind, self.target.outputs.values
                ),
            },
            sensitive=sensitive,
        )
        return replace(desired, derived=self.provider.derive(draft_of(desired)))

    def operation(self) -> StandInOperation:
        return StandInOperation()

    def created(self, desired: Desired, operation: StandInOperation | None = None) -> Record:
        outputs = self.provider.create(desired, operation or StandInOperation())
        return record_of(desired, outputs, self.provider)

    def updated(self, desired: Desired, prior: Record) -> Record:
        outputs = self.provider.update(desired, prior, StandInOperation())
        return record_of(desired, outputs, self.provider)

    def refined(self, desired: Desired, prior: Record) -> Refinement:
        return self.provider.refine(draft_of(desired), desired.derived, prior, self.targets)

    def outputs(self, record: Record) -> Mapping[str, Any]:
        """What is read of it now."""
        seen: Any = self.provider.read(record, self.targets)
        found: Mapping[str, Any] = seen.outputs
        return found

    @property
    def targets(self) -> dict[str, Record]:
        return {"workspace": self.images.workspace, "target": self.target}

    def names(self, record: Record) -> Names:
        return Names(record.name, record.identity)

    def containers(self, record: Record) -> list[ContainerSeen]:
        return self.engine.containers({"amlplan.identity": record.identity})

    def key(self, record: Record) -> str:
        return self.provider.keys(record, self.targets)["primary"]

    def drift(self, record: Record) -> set[str]:
        """The outputs that are not as they were recorded."""
        now, was = self.outputs(record), record.outputs.values
        return {name for name in now if _plain(now[name]) != _plain(was[name])}

    def asked(self, record: Record, body: object = 1, key: str | None = None) -> tuple[int, Any]:
        """What its port answers: the status and the JSON."""
        if key is None and record.inputs.values["auth"]["mode"] == "key":
            key = self.key(record)
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        address = record.outputs.values["scoring_uri"]
        request = urllib.request.Request(address, json.dumps(body).encode(), headers)
        context = ssl._create_unverified_context()
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as failure:
            return failure.code, failure.read().decode()

    def leftovers(self) -> list[str]:
        """What is on the engine of the deployments of this test."""
        found: list[str] = []
        for identity in self.identities:
            labels = {"amlplan.identity": identity}
            found += [item.name for item in self.engine.containers(labels)]
            found += [item.name for item in self.engine.volumes(labels)]
        return found

    def remove_deployments(self) -> None:
        """Take the deployments away, whatever became of them."""
        while self.identities:
            remove_deployment(self.engine, Names(self.name, self.identities.pop()), 3)

    def clear(self) -> None:
        """Take everything away."""
        self.remove_deployments()
        for network in self.engine.networks({"test": self.name}):
            self.engine.remove_network(network.id)
        self.images.clear()


class Asking(threading.Thread):
    """Asks a deployment again and again; used as a context, in which nothing may fail."""

    def __init__(self, bench: DockerDeployments, record: Record) -> None:
        super().__init__(daemon=True)
        self._bench, self._record = bench, record
        self._key = bench.key(record)
        self._is_over = threading.Event()
        self.count = 0
        self.said: set[str] = set()
        self.failures: list[object] = []

    def run(self) -> None:
        while not self._is_over.is_set():
            try:
                status, answer = self._bench.asked(self._record, 1, self._key)
            except OSError as failure:
                status, answer = 0, repr(failure)
            self.count += 1
            if status == 200:
                self.said.add(answer["said"])
            else:
                self.failures.append((status, answer))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self.join()
        assert not self.failures
        assert self.count


def reference_to(record: Record) -> dict[str, str]:
    return {"address": record.address, "kind": record.kind, "identity": record.identity}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
