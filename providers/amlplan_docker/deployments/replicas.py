"""The replicas of a deployment as containers: made, looked after, taken away."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_docker.deployments.container_user import owner_of
from amlplan_docker.deployments.documents import packed
from amlplan_docker.deployments.model_files import changed_models
from amlplan_docker.deployments.names import revision_of
from amlplan_docker.deployments.replica import (
    SECRETS,
    SECRETS_FOLDER,
    STOP_SECONDS,
    differences,
    spec_of,
)
from amlplan_docker.engine.failures import ConflictError, NotThereError, RefusedError
from amlplan_docker.labels import IDENTITY, REPLICA, ROLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan_deployments.revisions import Revision
    from amlplan_docker.deployments.replica import Place
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen
    from amlplan_docker.engine.specification import ContainerSpec

SHOWN_LINES = 40
"""Lines of a container's log that an error shows."""


@dataclass(frozen=True, slots=True)
class Replicas:
    """Works on the replicas of one deployment; everything may be repeated at any point."""

    engine: Engine
    where: Place

    def seen(self) -> list[ContainerSeen]:
        """Every replica that there is, of any revision."""
        labels = {IDENTITY: self.where.names.identity, ROLE: REPLICA}
        return self.engine.containers(labels)

    def ensure(self, revision: Revision, count: int, secrets: Mapping[str, str]) -> None:
        """Have so many replicas of a revision started, each as it should be, and no more.

        Those that are as they should be are left alone.
        """
        self.require_image(revision)
        there = {item.name: item for item in self.seen() if _is_of(item, revision.number)}
        of_image = self._variables_of_image(revision)
        for place in range(1, count + 1):
            spec = spec_of(revision, place, self.where)
            found = there.pop(spec.name, None)
            if found is not None and self._differs(found, spec, of_image):
                self.remove(found.id)
                found = None
            self._started(spec, found, secrets)
        for surplus in there.values():
            self.remove(surplus.id)

    def renew(
        self,
        revision: Revision,
        count: int,
        secrets: Mapping[str, str],
        came: Callable[[str], None],
    ) -> None:
        """Make those that run and are not as they should be again, one after the other.

        `came` waits until the one of a name answers; the next is taken away only then.
        """
        self.require_image(revision)
        there = {item.name: item for item in self.seen() if item.is_running}
        of_image = self._variables_of_image(revision)
        for place in range(1, count + 1):
            spec = spec_of(revision, place, self.where)
            found = there.get(spec.name)
            if found is not None and self._differs(found, spec, of_image):
                self.remove(found.id)
                self._started(spec, None, secrets)
                came(spec.name)

    def _differs(
        self, found: ContainerSeen, spec: ContainerSpec, of_image: Mapping[str, str]
    ) -> bool:
        return bool(differences(found, spec, of_image) or changed_models(self.engine, found))

    def broken(
        self, revision: int, before: Mapping[str, int] | None = None
    ) -> ContainerSeen | None:
        """A replica of a revision whose process ended, whether it was started again or not.

        `before` has how often each was started again by then, which does not count.
        """
        for item in self.seen():
            again = item.restart_count > (before or {}).get(item.id, 0)
            has_ended = again or item.state in ("exited", "dead", "restarting")
            if _is_of(item, revision) and has_ended:
                return item
        return None

    def last_lines(self, revision: int) -> str:
        """The end of what a replica of a revision wrote: of one that ended, else of the first."""
        chosen = self.broken(revision)
        if chosen is None:
            chosen = next((item for item in self.seen() if _is_of(item, revision)), None)
        if chosen is None:
            return ""
        with contextlib.suppress(NotThereError):
            written = b"".join(self.engine.logs(chosen.id, tail=SHOWN_LINES))
            return written.decode(errors="replace").rstrip()
        return ""

    def remove_others(self, revisions: frozenset[int]) -> None:
        """Take away the replicas of all revisions but these."""
        for item in self.seen():
            if revision_of(item.labels) not in revisions:
                self.remove(item.id)

    def remove_revision(self, revision: int) -> None:
        """Take away the replicas of a revision."""
        for item in self.seen():
            if _is_of(item, revision):
                self.remove(item.id)

    def stop_revision(self, revision: int) -> None:
        """End the processes of the replicas of a revision, which can be started again."""
        for item in self.seen():
            if _is_of(item, revision):
                self.engine.stop(item.id, timeout=STOP_SECONDS)

    def start_revision(self, revision: int) -> None:
        """Start the replicas of a revision again that were ended."""
        for item in self.seen():
            if _is_of(item, revision):
                self.engine.start(item.id)

    def remove(self, container: str) -> None:
        """End a container and take it away; one that is gone is no failure."""
        with contextlib.suppress(NotThereError):
            self.engine.stop(container, timeout=STOP_SECONDS)
        with contextlib.suppress(NotThereError):
            self.engine.remove_container(container, force=True)

    def require_image(self, revision: Revision) -> None:
        """Raise ProviderError for an image that the engine has no more."""
        if self.engine.image(str(revision.spec["image_id"])) is None:
            raise NotThereError(
                "The image is gone from the engine",
                f"Revision {revision.number} serves {revision.spec['image_id']}, which is no "
                "longer there. Plan again: the plan makes the image anew where the configuration "
                "still asks for it.",
            )

    def _started(
        self, spec: ContainerSpec, found: ContainerSeen | None, secrets: Mapping[str, str]
    ) -> None:
        """Have a replica run; one that was only created has its secrets put in once more."""
        if found is not None and found.is_running:
            return
        if found is not None and found.state != "created":
            self.remove(found.id)  # what it wrote, and a network that is gone, go with it
            found = None
        container = found.id if found is not None else self._created(spec)
        if secrets:
            self._hand_over(spec, container, secrets)
        try:
            self.engine.start(container)
        except RefusedError as failure:
            with contextlib.suppress(ProviderError):
                self.engine.remove_container(container, force=True)
            raise _not_started(spec, failure) from failure

    def _hand_over(self, spec: ContainerSpec, container: str, secrets: Mapping[str, str]) -> None:
        """Put the secret variables where only the user of the container may read them."""
        owner = owner_of(self.engine, container, spec.image)
        content = json.dumps(dict(secrets)).encode()
        self.engine.put(container, SECRETS_FOLDER, packed({SECRETS: content}, owner))

    def _created(self, spec: ContainerSpec) -> str:
        try:
            return self.engine.create_container(spec)
        except ConflictError:
            found = self.engine.container(spec.name)
            if found is None:
                raise
            return found.id
        except RefusedError as failure:
            raise _not_started(spec, failure) from failure

    def _variables_of_image(self, revision: Revision) -> dict[str, str]:
        image = self.engine.image(str(revision.spec["image_id"]))
        listed = [] if image is None else image.config.get("Env") or []
        return dict(text.partition("=")[::2] for text in listed)


def _is_of(container: ContainerSeen, revision: int) -> bool:
    return revision_of(container.labels) == revision


def _not_started(spec: ContainerSpec, failure: RefusedError) -> ProviderError:
    said = failure.detail
    if spec.gpus and ("capabilities" in said or "device" in said.lower()):
        return ProviderError(
            "The engine has no graphics processors",
            f"The deployment asks for gpu = {spec.gpus}, and the engine can hand out none: {said} "
            "Install its container runtime for graphics processors there, or leave gpu out.",
        )
    if "exec format error" in said:
        return ProviderError(
            "The image is of another architecture",
            f"The engine's processor does not run it: {said} Give the image the platform of the "
            "engine.",
        )
    return ProviderError("A replica did not start", f"{spec.name}: {said}")
