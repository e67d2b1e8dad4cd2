"""The course by which a deployment becomes what is desired; what serves stays where it fails."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import UnreachableError
from amlplan_deployments.requests import smoke_of
from amlplan_deployments.revisions import forgettable
from amlplan_deployments.variables import secrets_of
from amlplan_docker.deployments.documents import Files, new_document, read_files, write_document
from amlplan_docker.deployments.front import FrontContainer
from amlplan_docker.deployments.removal import remove_deployment
from amlplan_docker.deployments.replicas import Replicas
from amlplan_docker.deployments.rollout import Rollout
from amlplan_docker.deployments.wanted import wanted_revision
from amlplan_docker.images.use import hold_image, let_go_of_image

if TYPE_CHECKING:
    from amlplan.provider import Desired, OperationHandle, ProviderContext
    from amlplan_docker.deployments.documents import Document
    from amlplan_docker.deployments.front_container import FrontWish
    from amlplan_docker.deployments.replica import Place
    from amlplan_docker.engine.client import Engine
    from amlplan_schemas.deployment import Deployment
    from amlplan_serve.settings import Status


@dataclass(frozen=True, slots=True)
class Course:
    """Works on one deployment; may be repeated at any point. Raises ProviderError.

    `image_id` is that of the image on this engine, `last` the number that the newest revision is
    known to have had, for a deployment whose volumes are gone.
    """

    engine: Engine
    where: Place
    desired: Desired
    wish: FrontWish
    image_id: str
    last: int
    context: ProviderContext
    operation: OperationHandle

    @property
    def inputs(self) -> Deployment:
        """What is desired, with its types."""
        inputs: Deployment = self.desired.inputs
        return inputs

    @property
    def front(self) -> FrontContainer:
        """What has the port."""
        return FrontContainer(self.engine, self.where)

    @property
    def replicas(self) -> Replicas:
        """What answers."""
        return Replicas(self.engine, self.where)

    def run(self) -> Document:
        """Have the front serve what is desired; blocks."""
        files = self._files()
        document = files.document or new_document(
            self.desired.identity, self.desired.name, self.last
        )
        try:
            return self._served(document)
        except BaseException:
            if document.active is None and not self.last:  # what never served is nobody's
                with contextlib.suppress(UnreachableError):
                    remove_deployment(self.engine, self.where.names)
            raise

    def _files(self) -> Files:
        self.front.settle()
        if self.front.seen() is None:
            return Files(None, {}, None)
        return read_files(self.engine, self.front.name, self.desired.identity)

    def _served(self, document: Document) -> Document:
        """Have the wanted revision serve with its replicas and keys."""
        asked = self.inputs.smoke
        smoke = None if asked is None else smoke_of(asked, self.context.root)
        document, client = self.front.ensure(document, self.wish)
        status = client.status()
        document = self._settled(document, status)
        wanted = wanted_revision(document, self.desired, self.image_id)
        hold_image(self.engine, self.image_id, self.where.names.holder(wanted.number))
        document = self._written(document.with_revision(wanted))
        serving = 0 if status.active is None else int(status.active.revision)
        self.replicas.remove_others(frozenset({serving, wanted.number}))
        rollout = Rollout(client, self.replicas)
        secrets = secrets_of(self.desired)
        if serving == wanted.number:
            rollout.scaled(wanted, self.inputs.replicas, secrets)
        else:
            before = document.revisions.get(serving)
            alone = before if self.inputs.rollout.strategy == "recreate" else None
            rollout.serve(wanted, self.inputs.replicas, secrets, smoke, self.operation, alone=alone)
            document = self._written(document.serving(wanted.number))
            rollout.drained(wanted, before)
        return self._forgotten(document)

    def _settled(self, document: Document, status: Status) -> Document:
        """The document with what the front really serves.

        A command may have been ended between the switch and writing it down.
        """
        if status.active is None or int(status.active.revision) == document.active:
            return document
        return document.serving(int(status.active.revision))

    def _written(self, document: Document) -> Document:
        return write_document(self.engine, self.front.name, document)

    def _forgotten(self, document: Document) -> Document:
        """The document without the revisions that are kept no longer; their images may go."""
        keep = self.inputs.rollout.keep
        gone = forgettable(document.kept, document.active, document.last, keep)
        if not gone:
            return document
        for number in gone:
            let_go_of_image(self.engine, self.where.names.holder(number))
        return self._written(document.without(gone))
