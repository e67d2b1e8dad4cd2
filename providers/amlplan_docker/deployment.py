"""Deployments on a Docker engine: a front with a port, and replicas of the image behind it."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.abilities import RolledBack
from amlplan.errors import HistoryError, NotFoundError, ProviderError, UnreachableError
from amlplan.provider import Imported, Kind, Listed, Missing, Present, Refinement, Unreachable
from amlplan_deployments.keys import asks_for_keys, new_key, refuse_unknown_key, refuse_without_keys
from amlplan_docker.deployments.course import Course
from amlplan_docker.deployments.front import FrontContainer
from amlplan_docker.deployments.names import NAME
from amlplan_docker.deployments.plan import facts_of, refined
from amlplan_docker.deployments.reached import (
    Reached,
    reached_by_name,
    reached_by_record,
    reached_by_wish,
)
from amlplan_docker.deployments.removal import remove_deployment
from amlplan_docker.deployments.returning import Return
from amlplan_docker.deployments.seen import HEALTHY, DeploymentSeen
from amlplan_docker.deployments.use import answer_of, document_of, log_of
from amlplan_docker.deployments.wanted import OF_A_REVISION
from amlplan_docker.deployments.wish import image_on_engine, wish_of
from amlplan_docker.labels import FRONT, IDENTITY, ROLE
from amlplan_docker.reaching import engine_of
from amlplan_schemas.base import seconds_of
from amlplan_schemas.deployment import Deployment, DockerDeploymentOutputs
from amlplan_schemas.state import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan.abilities import Answer
    from amlplan.provider import (
        Desired,
        Draft,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Targets,
    )
    from amlplan_docker.deployments.documents import Document
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record

TARGET = "compute.docker"


class DockerDeployment:
    """Serves an image by containers that outlive every command, behind one address."""

    kind = Kind("docker", Deployment, DockerDeploymentOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        """What will serve, as far as the configuration says; raises ProviderError."""
        return facts_of(draft, self._context.root)

    def refine(
        self,
        draft: Draft,
        derived: Mapping[str, JsonValue],
        prior: Record | None,
        targets: Targets,
    ) -> Refinement:
        """Which revision a change makes, and what stays known through it."""
        if prior is None or not prior.outputs.values:
            return refined(draft, derived, prior, None, [])
        try:
            reached = reached_by_record(prior, targets, self._context)
            seen = self._seen(reached)
            document = seen.files().document
            remade = seen.remade_reasons(draft.values)
            moved = not seen.is_at(str(prior.outputs.values.get("scoring_uri")))
        except ProviderError:
            return refined(draft, derived, prior, None, [])  # apply will say what is wrong
        return refined(draft, derived, prior, document, remade, moved=moved)

    def read(self, record: Record, targets: Targets) -> Observed:
        """The deployment as it runs: its containers, what they serve, and who answers."""
        if not record.outputs.values:
            return Present()  # only begun: create goes on with it
        try:
            reached = reached_by_record(record, targets, self._context)
        except UnreachableError as failure:
            return Unreachable(failure.detail or failure.summary)
        seen = self._seen(reached)
        if not seen.exists():
            return Missing()
        return Present(outputs=self._outputs(reached, record.inputs.values, record.derived))

    def with_identity_of_now(self, record: Record, targets: Targets) -> Record:
        """The record with the engine that its target is now in the place of the one it ran on."""
        engine = targets["target"].outputs.values["identity"]
        outputs = {**record.outputs.values, "engine": engine}
        return record.model_copy(update={"outputs": Tree(values=outputs)})

    def find(self, draft: Record, targets: Targets) -> Observed:
        """The deployment that carries the identity, once what was asked for serves."""
        try:
            reached = reached_by_record(draft, targets, self._context)
        except UnreachableError as failure:
            return Unreachable(failure.detail or failure.summary)
        document = self._seen(reached).files().document
        if document is None or document.active is None:
            return Missing()
        revision = document.revisions.get(document.active)
        if revision is None or draft.inputs.secrets or draft.inputs.values != revision.inputs:
            return Missing()  # create goes on, and adopts a revision that is the same
        outputs = self._outputs(reached, draft.inputs.values, draft.derived)
        is_whole = (
            outputs["state"] == HEALTHY
            and outputs["revision"] == revision.number
            and outputs["running"] == draft.inputs.values["replicas"]
            and revision.derived == draft.derived
        )
        return Present(outputs=outputs) if is_whole else Missing()

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Start the front and have a revision serve; adopts what an earlier attempt began."""
        return self._ensure(desired, 0, operation)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Roll a new revision out, or change what is around it; makes good what drifted."""
        return self._ensure(desired, int(prior.outputs.values.get("revision") or 0), operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """End the front after what is in flight, and take containers, volumes and keys away."""
        reached = reached_by_record(prior, targets, self._context)
        operation.progress("letting requests in flight finish")
        last = int(prior.outputs.values.get("revision") or 0)
        remove_deployment(reached.engine, reached.where.names, last)

    def look_up(self, draft: Draft, targets: Targets, object_id: str) -> Imported | Missing:
        """A deployment of the target's engine, by its name, or by its identity."""
        engine = engine_of(targets["target"], self._context)
        found = [
            front
            for front in engine.containers({ROLE: FRONT})
            if object_id in {front.labels.get(NAME), front.labels.get(IDENTITY)}
        ]
        if len(found) > 1:
            identities = ", ".join(front.labels[IDENTITY] for front in found)
            raise ProviderError(
                "Several deployments have this name", f"Say which by its identity: {identities}"
            )
        return self._imported(targets, found[0].labels) if found else Missing()

    def list_objects(self, records: Sequence[Record]) -> Iterator[Listed]:
        """The deployments on the engines of the state's targets, whether they run or not."""
        for target in records:
            if target.kind == TARGET and target.outputs.values:
                for front in engine_of(target, self._context).containers({ROLE: FRONT}):
                    name = front.labels.get(NAME, front.name)
                    yield Listed(name, front.labels.get(IDENTITY))

    def score(self, record: Record, targets: Targets, body: bytes, content_type: str) -> Answer:
        """Ask at its port, or through the engine where that is not reached from here."""
        reached = reached_by_record(record, targets, self._context)
        inputs = record.inputs.values
        return answer_of(
            reached.engine,
            reached.where,
            body,
            content_type,
            with_keys=asks_for_keys(inputs),
            timeout=seconds_of(inputs["scoring_timeout"]) + 5,
        )

    def logs(self, record: Record, targets: Targets, revision: str | None) -> Iterator[bytes]:
        """What the replicas wrote, from the beginning to now."""
        reached = reached_by_record(record, targets, self._context)
        number = revision or str(record.outputs.values["revision"])
        return log_of(reached.engine, reached.where, number)

    def keys(self, record: Record, targets: Targets) -> Mapping[str, str]:
        """The keys, out of the volume of the front."""
        refuse_without_keys(record)
        reached = reached_by_record(record, targets, self._context)
        keys = self._seen(reached).files().keys
        if not keys:
            raise NotFoundError(
                "The keys are gone",
                f"{reached.where.names.front} has none any more. New ones are made by: amlplan "
                "apply",
                address=record.address,
            )
        return keys

    def rotate(self, record: Record, targets: Targets, key: str) -> Outputs:
        """Write a new key and have the front read it."""
        refuse_without_keys(record)
        refuse_unknown_key(key)
        reached = reached_by_record(record, targets, self._context)
        document_of(reached.engine, reached.where, record)
        keys = {**self._seen(reached).files().keys, key: new_key()}
        FrontContainer(reached.engine, reached.where).rotate(keys)
        return self._outputs(reached, record.inputs.values, record.derived)

    def roll_back(
        self,
        record: Record,
        targets: Targets,
        revision: str | None,
        secrets: Mapping[str, str],
    ) -> RolledBack:
        """Have an earlier revision serve, from the image that it had.

        What is no part of a revision stays: replicas, port, keys. A front that is down is started.
        """
        reached = reached_by_record(record, targets, self._context)
        chosen = Return(reached.engine, reached.where, record).run(revision, secrets)
        kept = {name: chosen.inputs[name] for name in OF_A_REVISION if name in chosen.inputs}
        inputs = {**record.inputs.values, **kept}
        outputs = self._outputs(reached, inputs, chosen.derived)
        return RolledBack(str(chosen.number), inputs, chosen.derived, outputs)

    def _seen(self, reached: Reached) -> DeploymentSeen:
        return DeploymentSeen(reached.engine, reached.where)

    def _outputs(
        self,
        reached: Reached,
        inputs: Mapping[str, JsonValue],
        derived: Mapping[str, JsonValue],
    ) -> dict[str, JsonValue]:
        variables = derived.get("variables", {})
        with_keys = asks_for_keys(inputs)
        return self._seen(reached).outputs(reached.identity, variables, with_keys=with_keys)

    def _ensure(self, desired: Desired, last: int, operation: OperationHandle) -> Outputs:
        """Make the front serve what is desired; what serves stays wherever this fails."""
        reached = reached_by_wish(desired, self._context)
        engine = reached.engine
        image_id = image_on_engine(engine, desired, operation)
        wish = wish_of(engine, desired, image_id, self._context, operation)
        course = Course(
            engine, reached.where, desired, wish, image_id, last, self._context, operation
        )
        document = course.run()
        self._note_lineage(desired, document)
        return self._outputs(reached, desired.inputs.model_dump(mode="json"), desired.derived)

    def _imported(self, targets: Targets, labels: Mapping[str, str]) -> Imported:
        """What is taken over of the deployment that has these labels."""
        reached = reached_by_name(labels[NAME], labels[IDENTITY], targets, self._context)
        document = self._seen(reached).files().document
        revision = None if document is None else document.revisions.get(document.active or 0)
        if revision is None:
            raise ProviderError(
                "The deployment serves nothing",
                f"No revision of {labels[NAME]} ever served, so there is nothing to take over.",
            )
        outputs = self._outputs(reached, revision.inputs, revision.derived)
        return Imported(revision.inputs, outputs, labels[IDENTITY], revision.derived)

    def _note_lineage(self, desired: Desired, document: Document) -> None:
        workspace = Path(str(desired.targets["workspace"].outputs.values["path"]))
        digest = desired.derived["image_digest"]
        with contextlib.suppress(HistoryError):  # an unavailable history fails no apply
            self._context.open_history(workspace).add_edge(
                f"image:{digest}", "serves", f"deployment:{desired.name}:{document.active}"
            )
