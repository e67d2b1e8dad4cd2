"""Deployments on this host: a server with workers, its revisions and its keys."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.abilities import RolledBack
from amlplan.errors import HistoryError, ProviderError, UnreachableError
from amlplan.provider import Imported, Kind, Listed, Missing, Present, Refinement
from amlplan_deployments.keys import asks_for_keys
from amlplan_deployments.requests import asked, smoke_of
from amlplan_deployments.revisions import OF_A_REVISION, number_foreseen, with_workers
from amlplan_deployments.variables import secret_variables
from amlplan_local.cannot import refuse_what_this_host_cannot
from amlplan_local.deployment_course import Course
from amlplan_local.deployment_folder import DeploymentFolder, documents_in
from amlplan_local.deployment_revision import startable
from amlplan_local.deployment_seen import HEALTHY, addresses_of, outputs_of
from amlplan_local.deployment_use import (
    document_of,
    keys_of,
    log_of,
    revision_before,
    rotated,
)
from amlplan_local.identity import elsewhere, host_identity
from amlplan_local.rollout import Rollout
from amlplan_schemas.base import seconds_of
from amlplan_schemas.deployment import Deployment, DeploymentOutputs, DeploymentSmoke
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
    from amlplan_local.deployment_folder import Document
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


class LocalDeployment:
    """Serves a bundle by a server process that outlives every command."""

    kind = Kind("local", Deployment, DeploymentOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        """The digest that will serve, and the variables that come with it.

        Raises ProviderError for a target that does not serve, and where a smoke request is missing.
        """
        image = draft.referred.get("image")
        refuse_what_this_host_cannot(draft)
        if draft.values.get("smoke") is not None:
            smoke_of(DeploymentSmoke.model_validate(draft.values["smoke"]), self._context.root)
        if image is None or "digest" not in image.values or "variables" not in image.values:
            return {}
        return {"image_digest": image.values["digest"], "variables": image.values["variables"]}

    def refine(
        self,
        draft: Draft,
        derived: Mapping[str, JsonValue],
        prior: Record | None,
        targets: Targets,
    ) -> Refinement:
        """Which revision a change makes, and what stays known through it."""
        now = draft.values
        expected = {"state": HEALTHY, "workers": now.get("replicas")}
        if now.get("port") is not None:
            expected |= addresses_of(now["port"])
        if prior is None or not prior.outputs.values:
            return Refinement(expected={**expected, "revision": 1})
        was = prior.outputs.values
        same_port = now.get("port") in (None, prior.inputs.values.get("port"))
        stable = frozenset({"scoring_uri", "swagger_uri"} if same_port else ())
        if prior.inputs.values["auth"] == now.get("auth"):
            expected["keys"] = was["keys"]
        notes = [] if same_port else [f"the server moves to port {now['port']}"]
        number = self._next_revision(draft, derived, prior)
        if number is not None:
            expected["revision"] = number
            if number != was["revision"]:
                notes.insert(0, f"revision {was['revision']} -> {number}")
        return Refinement(expected=expected, stable=stable, note="; ".join(notes) or None)

    def _next_revision(
        self, draft: Draft, derived: Mapping[str, JsonValue], prior: Record
    ) -> int | None:
        """The number of the revision that will serve, None where secrets decide which it is."""
        folder = self._folder(prior.identity)
        document = folder.read()
        if document is None:
            return 1
        numbers = (document.active, document.last)
        kept = [folder.revision(number) for number in numbers if number]
        there = [revision for revision in kept if revision is not None]
        return number_foreseen(draft.values, derived, there, document.last, OF_A_REVISION)

    def read(self, record: Record, targets: Targets) -> Observed:
        """The server as it runs: its digest, workers, keys and health."""
        recorded = record.outputs.values
        if not recorded:
            return Present()  # only begun: create goes on with it
        away = elsewhere(recorded.get("host"), self._context)
        if away is not None:
            return away
        folder = self._folder(record.identity)
        document = folder.read()
        if document is None:
            return Missing()
        return Present(outputs=self._seen(folder, document, record.inputs.values, record.derived))

    def with_identity_of_now(self, record: Record, targets: Targets) -> Record:
        """The record with this host in the place of the one it ran on."""
        outputs = {**record.outputs.values, "host": host_identity(self._context)}
        return record.model_copy(update={"outputs": Tree(values=outputs)})

    def find(self, draft: Record, targets: Targets) -> Observed:
        """The server that carries the identity, once a revision serves."""
        folder = self._folder(draft.identity)
        document = folder.read()
        if document is None or document.active is None:
            return Missing()
        revision = folder.revision(document.active)
        if revision is None or draft.inputs.secrets or draft.inputs.values != revision.inputs:
            return Missing()  # create goes on, and adopts a revision that is the same
        seen = self._seen(folder, document, draft.inputs.values, draft.derived)
        is_whole = seen["state"] == HEALTHY and seen["image_digest"] == revision.image_digest
        return (
            Present(outputs=seen) if is_whole and revision.derived == draft.derived else Missing()
        )

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Start the server and have the revision serve; adopts what an earlier attempt began."""
        return self._ensure(desired, operation)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Roll a new revision out, or change workers and keys; starts a server that is down."""
        return self._ensure(desired, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """End the server after what is in flight, and delete its folder with keys and logs."""
        folder = self._here(prior)
        if not folder.path.exists():
            return
        with folder.locked():
            document = folder.read()
            if document is not None:
                operation.progress("letting requests in flight finish")
                Rollout(folder).stop(document)
        folder.remove()

    def look_up(self, draft: Draft, targets: Targets, object_id: str) -> Imported | Missing:
        """A deployment of this host, by its name, or by its identity where several have that."""
        found = [
            document
            for _, document in documents_in(self._context.data_folder)
            if document is not None and object_id in {document.name, document.identity}
        ]
        if len(found) > 1:
            raise ProviderError(
                "Several deployments have this name",
                f"Say which by its identity: {', '.join(item.identity for item in found)}",
            )
        if not found:
            return Missing()
        [document] = found
        folder = self._folder(document.identity)
        revision = folder.revision(document.active) if document.active is not None else None
        if revision is None:
            raise ProviderError(
                "The deployment serves nothing",
                f"No revision of {document.name} ever served, so there is nothing to take over.",
            )
        seen = self._seen(folder, document, revision.inputs, revision.derived)
        return Imported(revision.inputs, seen, document.identity, revision.derived)

    def list_objects(self, records: Sequence[Record]) -> Iterator[Listed]:
        """The deployments in the user's data folder, whether their servers run or not."""
        for folder, document in documents_in(self._context.data_folder):
            if document is None:
                yield Listed(str(folder), None)
            else:
                yield Listed(document.name, document.identity)

    def score(self, record: Record, targets: Targets, body: bytes, content_type: str) -> Answer:
        """Ask over HTTP, as anybody would."""
        folder = self._here(record)
        keys = folder.keys() if asks_for_keys(record.inputs.values) else {}
        timeout = seconds_of(record.inputs.values["scoring_timeout"]) + 5
        return asked(str(record.outputs.values["scoring_uri"]), body, content_type, keys, timeout)

    def logs(self, record: Record, targets: Targets, revision: str | None) -> Iterator[bytes]:
        """What the workers wrote, from the beginning to now."""
        number = revision or str(record.outputs.values["revision"])
        return log_of(self._here(record), number)

    def keys(self, record: Record, targets: Targets) -> Mapping[str, str]:
        """The keys, out of their file."""
        return keys_of(self._here(record), record)

    def rotate(self, record: Record, targets: Targets, key: str) -> Outputs:
        """Write a new key and have the server read it."""
        folder = self._here(record)
        with folder.locked():
            document = document_of(folder, record)
            rotated(folder, record, key)
            Rollout(folder).use_keys(with_keys=True)
            return self._seen(folder, document, record.inputs.values, record.derived)

    def roll_back(
        self,
        record: Record,
        targets: Targets,
        revision: str | None,
        secrets: Mapping[str, str],
    ) -> RolledBack:
        """Have an earlier revision serve, from the bundle that it had, or that of now again.

        What is no part of a revision stays: workers, port, keys. A server that is down is started.
        """
        folder, inputs = self._here(record), record.inputs.values
        rollout = Rollout(folder)
        with folder.locked():
            document, status = rollout.settled(document_of(folder, record))
            chosen = revision_before(folder, document, revision)
            variables = secret_variables(chosen, secrets)
            chosen = with_workers(startable(chosen, self._context, None), inputs["replicas"])
            with_keys = asks_for_keys(inputs)
            if status is not None:
                document, status = rollout.renewed(document, status)
            if status is None:
                document, _ = rollout.started(document, port=inputs["port"], with_keys=with_keys)
            document = rollout.serve(document, chosen, variables, None, None)
            rollout.use_keys(with_keys=with_keys)
            inputs = {**inputs, **{name: chosen.inputs[name] for name in OF_A_REVISION}}
            outputs = self._seen(folder, document, inputs, chosen.derived)
        return RolledBack(str(chosen.number), inputs, chosen.derived, outputs)

    def _folder(self, identity: str) -> DeploymentFolder:
        return DeploymentFolder(self._context.data_folder, identity)

    def _here(self, record: Record) -> DeploymentFolder:
        """The folder; raises UnreachableError for a deployment of another host."""
        away = elsewhere(record.outputs.values.get("host"), self._context)
        if away is not None:
            raise UnreachableError("The host is another one", f"The deployment was {away.reason}")
        return self._folder(record.identity)

    def _ensure(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Make the server serve what is desired; what serves stays wherever this fails."""
        folder = self._folder(desired.identity)
        with folder.locked():
            document = Course(folder, desired, self._context, operation).run()
            self._note_lineage(desired, document)
            inputs = desired.inputs.model_dump(mode="json")
            return self._seen(folder, document, inputs, desired.derived)

    def _seen(
        self,
        folder: DeploymentFolder,
        document: Document,
        inputs: Mapping[str, JsonValue],
        derived: Mapping[str, JsonValue],
    ) -> dict[str, JsonValue]:
        variables = derived.get("variables", {})
        return outputs_of(
            folder, document, variables, self._context, with_keys=asks_for_keys(inputs)
        )

    def _note_lineage(self, desired: Desired, document: Document) -> None:
        workspace = Path(str(desired.targets["workspace"].outputs.values["path"]))
        digest = desired.derived["image_digest"]
        with contextlib.suppress(HistoryError):  # an unavailable history fails no apply
            self._context.open_history(workspace).add_edge(
                f"image:{digest}", "serves", f"deployment:{desired.name}:{document.active}"
            )
