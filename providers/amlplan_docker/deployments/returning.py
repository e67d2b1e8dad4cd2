"""Goes back to a revision that is kept: its containers are made again, its image is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError
from amlplan_deployments.revisions import earlier_revision
from amlplan_deployments.variables import secret_variables
from amlplan_docker.deployments.documents import read_files, write_document
from amlplan_docker.deployments.front import FrontContainer
from amlplan_docker.deployments.replicas import Replicas
from amlplan_docker.deployments.rollout import Rollout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_deployments.revisions import Revision
    from amlplan_docker.deployments.documents import Document
    from amlplan_docker.deployments.replica import Place
    from amlplan_docker.engine.client import Engine
    from amlplan_schemas.state import Record


@dataclass(frozen=True, slots=True)
class Return:
    """Works on one deployment as it was recorded; what is no part of a revision stays."""

    engine: Engine
    where: Place
    record: Record

    def run(self, asked: str | None, secrets: Mapping[str, str]) -> Revision:
        """Have an earlier revision serve, the one before where none is asked for.

        A front that is down is started. Raises ProviderError, and what serves then serves on.
        """
        front = FrontContainer(self.engine, self.where)
        document = self._document(front)
        chosen = earlier_revision(
            document.kept, document.active, document.last, asked, document.revisions.get
        )
        variables = secret_variables(chosen, secrets)
        client = front.started()
        rollout = Rollout(client, Replicas(self.engine, self.where))
        active = client.status().active
        serving = 0 if active is None else int(active.revision)
        count = int(self.record.inputs.values["replicas"])
        if serving == chosen.number:
            rollout.scaled(chosen, count, variables)
        else:
            before = document.revisions.get(serving)
            alone = before if self._is_recreated() else None
            rollout.serve(chosen, count, variables, None, None, alone=alone)
            write_document(self.engine, front.name, document.serving(chosen.number))
            rollout.drained(chosen, before)
        return chosen

    def _document(self, front: FrontContainer) -> Document:
        document = None
        if front.seen() is not None:
            document = read_files(self.engine, front.name, self.record.identity).document
        if document is None:
            raise NotFoundError(
                "The front is gone",
                f"{front.name}, which knows the revisions, is no longer there. It is made again by "
                "an apply; of a deployment that is held, after: amlplan deployment release "
                f"{self.record.name}",
                address=self.record.address,
            )
        return document

    def _is_recreated(self) -> bool:
        return bool(self.record.inputs.values["rollout"]["strategy"] == "recreate")
