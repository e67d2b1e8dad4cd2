"""The course by which a deployment becomes what is desired; what serves stays where it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan_deployments.requests import smoke_of
from amlplan_deployments.variables import secrets_of
from amlplan_local.deployment_revision import startable, wanted_revision
from amlplan_local.rollout import Rollout

if TYPE_CHECKING:
    from amlplan.provider import Desired, OperationHandle, ProviderContext
    from amlplan_local.deployment_folder import DeploymentFolder, Document
    from amlplan_schemas.deployment import Deployment
    from amlplan_serve.settings import Status


@dataclass(frozen=True, slots=True)
class Course:
    """Works on one deployment inside the lock of its folder; may be repeated at any point."""

    folder: DeploymentFolder
    desired: Desired
    context: ProviderContext
    operation: OperationHandle

    @property
    def inputs(self) -> Deployment:
        """What is desired, with its types."""
        inputs: Deployment = self.desired.inputs
        return inputs

    @property
    def with_keys(self) -> bool:
        """Whether a request needs a key."""
        return self.inputs.auth.mode == "key"

    @property
    def rollout(self) -> Rollout:
        """What the steps are made with."""
        return Rollout(self.folder)

    def run(self) -> Document:
        """Have the server serve what is desired; blocks. Raises ProviderError."""
        document, status = self.rollout.settled(self.folder.made(self.desired.name))
        try:
            document = self._served(document, status)
        except BaseException:
            if document.active is None:  # a server that never served is nobody's
                self.rollout.stop(document)
                self.folder.remove()
            raise
        self.folder.forget_revisions(self.inputs.rollout.keep, document)
        return document

    def _served(self, document: Document, status: Status | None) -> Document:
        """Have the wanted revision serve with its workers and keys."""
        asked = self.inputs.smoke
        smoke = None if asked is None else smoke_of(asked, self.context.root)
        wanted = wanted_revision(self.folder, document, self.desired, self.context)
        wanted = startable(wanted, self.context, self.operation)
        self.folder.write_revision(wanted)
        document, status = self._with_server(document, status)
        active = status.active
        if active is None or int(active.revision) != wanted.number or not active.workers_ready:
            alone = self.inputs.rollout.strategy == "recreate" and active is not None
            secrets = secrets_of(self.desired)
            document = self.rollout.serve(
                document, wanted, secrets, smoke, self.operation, alone=alone
            )
        else:
            if status.candidate is not None:
                self.rollout.discard(status.candidate.revision)
            if active.workers_wanted != self.inputs.replicas:
                self.rollout.scale(wanted, self.inputs.replicas)
        self.rollout.use_keys(with_keys=self.with_keys)
        if self.inputs.port is not None:
            document = self.rollout.moved(document, self.inputs.port)
        return document

    def _with_server(self, document: Document, status: Status | None) -> tuple[Document, Status]:
        """Have a server run that this amlplan can start workers with."""
        if self.with_keys:
            self.folder.made_keys()
        if status is not None:
            document, status = self.rollout.renewed(document, status)
        if status is None:
            return self.rollout.started(document, port=self.inputs.port, with_keys=self.with_keys)
        return document, status
