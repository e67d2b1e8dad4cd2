"""A deployment as it is now: what its front says, and what its containers are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan_deployments.keys import fingerprints_of
from amlplan_docker.deployments.documents import Files, read_files
from amlplan_docker.deployments.front import FrontContainer
from amlplan_docker.deployments.front_container import reasons_foreseen
from amlplan_docker.deployments.model_files import changed_models
from amlplan_docker.deployments.names import revision_of
from amlplan_docker.deployments.plan import fingerprint_of
from amlplan_docker.deployments.ports import Published, published_of
from amlplan_docker.deployments.replica import differences, place_of, spec_of
from amlplan_docker.deployments.replicas import Replicas
from amlplan_docker.engine.failures import NotThereError
from amlplan_images.server import server_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan_deployments.revisions import Revision
    from amlplan_docker.deployments.documents import Document
    from amlplan_docker.deployments.replica import Place
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen
    from amlplan_docker.engine.specification import ContainerSpec
    from amlplan_schemas.base import JsonValue
    from amlplan_serve.settings import Status

HEALTHY, UNHEALTHY, STOPPED = "healthy", "unhealthy", "not running"
LOCALHOST = "127.0.0.1"
OURS = "AMLPLAN_"
"""Begins the variables that are not the user's."""
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - it is compared with


@dataclass(frozen=True, slots=True)
class DeploymentSeen:
    """Looks at one deployment; changes nothing."""

    engine: Engine
    where: Place

    def exists(self) -> bool:
        """Whether anything of it is there."""
        if self.engine.container(self.where.names.front) is not None:
            return True
        return bool(self.engine.volumes(self.where.names.own)) or bool(
            Replicas(self.engine, self.where).seen()
        )

    def files(self) -> Files:
        """What its front keeps; nothing of a front that is gone."""
        try:
            return read_files(self.engine, self.where.names.front, self.where.names.identity)
        except NotThereError:
            return Files(None, {}, None)

    def remade_reasons(self, wanted: Mapping[str, JsonValue]) -> list[str]:
        """Why a wish has the front made again, in words."""
        seen = self.engine.container(self.where.names.front)
        if seen is None:
            return []
        return reasons_foreseen(seen, self.where, wanted, server_version())

    def is_at(self, scoring_uri: str) -> bool:
        """Whether requests go there now; an update that was interrupted may have moved it."""
        container = self.engine.container(self.where.names.front)
        if container is None:
            return False
        files = self.files()
        scheme = "http" if files.certificate is None else "https"
        published = _published(container, files.document)
        now = addresses_of(scheme, self.engine.address.host, published)
        return str(now["scoring_uri"]) == scoring_uri

    def outputs(
        self, engine_identity: str, variables: JsonValue, *, with_keys: bool
    ) -> dict[str, JsonValue]:
        """The outputs of the deployment; `variables` are told on as they were recorded.

        Without its front nothing else is known: what it kept cannot be read then.
        """
        front = FrontContainer(self.engine, self.where)
        container = front.seen()
        if container is None:
            return {"state": STOPPED, "running": 0, "front": _front(front.name, None)}
        files, status = self.files(), front.status()
        document = files.document
        active = None if status is None else status.active
        number = int(active.revision) if active else (document.active or 0) if document else 0
        revision = None if document is None else document.revisions.get(number)
        replicas = [
            item
            for item in Replicas(self.engine, self.where).seen()
            if revision_of(item.labels) == number
        ]
        published = _published(container, document)
        scheme = "http" if files.certificate is None else "https"
        return {
            **addresses_of(scheme, self.engine.address.host, published),
            "engine": engine_identity,
            "revision": number,
            "state": _state(container, status),
            "running": active.workers_ready if active else 0,
            **self._as_they_are(revision, replicas),
            "variables": variables,
            "front": _front(front.name, container),
            "network": self._network([*replicas, container]),
            "address": "" if published is None else f"{published.address}:{published.port}",
            "certificate": None if files.certificate is None else fingerprint_of(files.certificate),
            "keys": fingerprints_of(files.keys) if with_keys else {},
        }

    def _as_they_are(
        self, revision: Revision | None, replicas: Sequence[ContainerSeen]
    ) -> dict[str, JsonValue]:
        """What the replicas are: what differs in one of them, else what they should be."""
        if revision is None:
            return _nothing()
        pairs = [(item, spec_of(revision, place_of(item), self.where)) for item in replicas]
        of_image = self._variables_of_image(str(revision.spec["image_id"]))
        found = _differing(pairs, of_image)
        return {
            "image_digest": revision.image_digest,
            "image_id": found.get("image_id", revision.spec["image_id"]),
            "corrupted": self._corrupted(replicas),
            "env_digests": digests_of(found.get("env", dict(spec_of(revision, 1, self.where).env))),
            "limits": {
                "cpu": found.get("cpu", revision.spec["cpu"]),
                "memory": found.get("memory", revision.spec["memory"]),
                "gpus": found.get("gpu", revision.spec["gpu"]),
            },
            "restart_policy": found.get("restart", revision.spec["restart"]),
        }

    def _network(self, containers: Sequence[ContainerSeen]) -> str:
        """The network, where it is there and every container that runs is on it."""
        name = self.where.network
        on_it = all(name in item.networks for item in containers if item.is_running)
        return name if on_it and self.engine.network(name) is not None else ""

    def _corrupted(self, replicas: Sequence[ContainerSeen]) -> list[str]:
        return sorted({name for item in replicas for name in changed_models(self.engine, item)})

    def _variables_of_image(self, image_id: str) -> dict[str, str]:
        image = self.engine.image(image_id)
        listed = [] if image is None else image.config.get("Env") or []
        return dict(text.partition("=")[::2] for text in listed)


def addresses_of(scheme: str, host: str, published: Published | None) -> dict[str, JsonValue]:
    """Where the deployment is asked, by whom reaches the engine at this host."""
    if published is None:
        return {"scoring_uri": "", "swagger_uri": ""}
    name = published.address
    if name in EVERYWHERE:
        name = host or LOCALHOST
    base = f"{scheme}://{f'[{name}]' if ':' in name else name}:{published.port}"
    return {"scoring_uri": f"{base}/score", "swagger_uri": f"{base}/swagger.json"}


def digests_of(variables: Mapping[str, str]) -> dict[str, str]:
    """A short digest of each variable, by which a changed one is named and not told."""
    return {
        name: hashlib.sha256(f"amlplan variable\0{name}\0{value}".encode()).hexdigest()[:12]
        for name, value in sorted(variables.items())
        if not name.startswith(OURS)
    }


def _differing(
    pairs: Sequence[tuple[ContainerSeen, ContainerSpec]], of_image: Mapping[str, str]
) -> dict[str, JsonValue]:
    """What of any replica is not as it should be, by field."""
    found: dict[str, JsonValue] = {}
    for seen, spec in pairs:
        for name, (_, now) in differences(seen, spec, of_image).items():
            found.setdefault(name, now)
    return found


def _state(container: ContainerSeen, status: Status | None) -> str:
    if status is not None and status.active is not None and status.active.workers_ready:
        return HEALTHY
    return UNHEALTHY if container.is_running else STOPPED


def _front(name: str, container: ContainerSeen | None) -> dict[str, JsonValue]:
    if container is None:
        return {"name": name, "image_id": "", "state": "gone"}
    return {"name": name, "image_id": container.image_id, "state": container.state}


def _published(container: ContainerSeen, document: Document | None) -> Published | None:
    """Where the front listens, or did while it ran."""
    found = published_of(container)
    if found is not None:
        return found
    if document is None or document.port is None or document.listen is None:
        return None
    return Published(document.listen, document.port)


def _nothing() -> dict[str, JsonValue]:
    """What replicas are of which nothing is known."""
    return {
        "image_digest": "",
        "image_id": "",
        "corrupted": [],
        "env_digests": {},
        "limits": {"cpu": None, "memory": None, "gpus": 0},
        "restart_policy": "",
    }
