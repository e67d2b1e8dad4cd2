"""What tests make on the Docker engine, which they share: names of their own, and clearing up."""

from __future__ import annotations

import io
import secrets
import tarfile
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_docker.engine.specification import ContainerSpec
from services import docker_base

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from amlplan_docker.engine.client import Engine

LABEL = "amlplan.test"


@dataclass
class Objects:
    """Objects of one test; `labels` goes on each of them, so that all are gone in the end."""

    engine: Engine
    base: str
    name: str = field(default_factory=lambda: f"amlplan-test-{secrets.token_hex(5)}")

    @property
    def labels(self) -> Mapping[str, str]:
        return {LABEL: self.name}

    def spec(self, *command: str, **more: Any) -> ContainerSpec:
        """A container of the base image; its name is that of the test unless `name` is given."""
        more = {"name": self.name, "image": self.base, **more}
        more["labels"] = {**self.labels, **more.get("labels", {})}
        return ContainerSpec(command=command or ("sleep", "600"), init=True, **more)

    def run(self, *command: str, **more: Any) -> str:
        """The name of a container that was started."""
        spec = self.spec(*command, **more)
        self.engine.create_container(spec)
        self.engine.start(spec.name)
        return spec.name

    def load(self, tag: str) -> str:
        """The id of a small image that no other test has, loaded under a tag."""
        with tempfile.TemporaryFile() as layer:
            with tarfile.open(fileobj=layer, mode="w") as tar:
                item = tarfile.TarInfo("word")
                item.size = len(self.name)
                tar.addfile(item, io.BytesIO(self.name.encode()))
            config: dict[str, object] = {"Labels": dict(self.labels), "Cmd": ["/none"]}
            self.engine.load(docker_base.image_archive(layer, [tag], config))
        image = self.engine.image(tag)
        assert image is not None
        return image.id

    def clear(self) -> None:
        remove_all(self.engine, self.labels)


def remove_all(engine: Engine, labels: Mapping[str, str]) -> None:
    """Remove every object that has these labels, however far it came."""
    for container in engine.containers(labels):
        with suppress(ProviderError):
            engine.remove_container(container.id, force=True)
    for network in engine.networks(labels):
        with suppress(ProviderError):
            engine.remove_network(network.id)
    for volume in engine.volumes(labels):
        with suppress(ProviderError):
            engine.remove_volume(volume.name)
    for image in engine.images(labels):
        for tag in image.tags or (image.id,):
            with suppress(ProviderError):
                engine.remove_image(tag, force=True)
