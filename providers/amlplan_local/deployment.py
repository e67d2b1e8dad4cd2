"""Deployments on this host: a server with workers, its revisions and its keys."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.abilities import RolledBack
from amlplan.errors import HistoryError, NotFoundError, ProviderError, UnreachableError
from amlplan.pointers import tokens_of
from amlplan.provider import Kind, Missing, Present, Refinement
from amlplan_local.deployment_folder import KEY_NAMES, DeploymentFolder, Document, Revision
from amlplan_local.deployment_revision import is_same_revision, secrets_of, wanted_revision
from amlplan_local.deployment_use import asked, log_of
from amlplan_local.identity import elsewhere, host_identity
from amlplan_local.rollout import Rollout, smoke_of
from amlplan_schemas.base import seconds_of
from amlplan_schemas.deployment import Deployment, DeploymentOutputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record
    from amlplan_serve.settings import Status

TARGET = "compute.local"
HEALTHY, UNHEALTHY, STOPPED = "healthy", "unhealthy", "not running"


class LocalDeployment:
    """Serves a bundle by a server process that outlives every command."""

    kind = Kind("local", Deployment, DeploymentOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        """The digest that will serve, and the variables that come with it."""
        target, image = draft.referred.get("target"), draft.referred.get("image")
        if target is not None and target.kind != TARGET:
            raise ProviderError(
                "A target that does not serve",
                f"{draft.address} names {target.address}, of kind {target.kind}. Deployments run "
                f"on {TARGET} only.",
            )
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
        if prior is None or not prior.outputs.values:
            return Refinement(expected={"revision": 1, "state": HEALTHY})
        was = prior.outputs.values
        same_port = draft.values.get("port") in (None, prior.inputs.values.get("port"))
        stable = frozenset({"scoring_uri", "swagger_uri"} if same_port else ())
        expected = {"state": HEALTHY, "workers": draft.values["replicas"], "keys": was["keys"]}
        if is_same_revision(draft, derived, prior.inputs.values, prior.derived):
            return Refinement(expected={**expected, "revision": was["revision"]}, stable=stable)
        number = self._next_revision(draft, derived, prior)
        return Refinement(
            expected={**expected, "revision": number},
            stable=stable,
            note=f"revision {was['revision']} -> {number}",
        )

    def _next_revision(self, draft: Draft, derived: Mapping[str, JsonValue], prior: Record) -> int:
        """The number that the new revision will have: one that is kept, where it is the same."""
        folder = self._folder(prior.identity)
        document = folder.read()
        if document is None:
            return 1
        newest = folder.revision(document.last)
        if newest and is_same_revision(draft, derived, newest.inputs, newest.derived):
            return newest.number
        return document.last + 1

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
        return Present(outputs=self._seen(folder, document, dict(record.derived)))

    def find(self, draft: Record, targets: Targets) -> Observed:
        """The server that carries the identity, once a revision serves."""
        folder = self._folder(draft.identity)
        document = folder.read()
        if document is None or document.active is None:
            return Missing()
        revision = folder.revision(document.active)
        if revision is None or revision.derived != draft.derived:
            return Missing()
        seen = self._seen(folder, document, dict(draft.derived))
        return Present(outputs=seen) if seen["state"] == HEALTHY else Missing()

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Start the server and have the revision serve; adopts what an earlier attempt began."""
        return self._ensure(desired, operation)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Roll a new revision out, or change workers and keys; starts a server that is down."""
        return self._ensure(desired, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """End the server after what is in flight, and delete its folder with keys and logs."""
        away = elsewhere(prior.outputs.values.get("host"), self._context)
        if away is not None:
            raise UnreachableError("The host is another one", f"The deployment was {away.reason}")
        folder = self._folder(prior.identity)
        if not folder.path.exists():
            return
        with folder.locked():
            document = folder.read()
            if document is not None:
                operation.progress("letting requests in flight finish")
                Rollout(folder).stop(document)
        folder.remove()

    def score(self, record: Record, body: bytes, content_type: str) -> Answer:
        """Ask over HTTP, as anybody would."""
        folder = self._folder(record.identity)
        keys = folder.keys() if _with_keys(record.inputs.values) else {}
        timeout = seconds_of(record.inputs.values["scoring_timeout"]) + 5
        return asked(str(record.outputs.values["scoring_uri"]), body, content_type, keys, timeout)

    def logs(self, record: Record, revision: str | None) -> Iterator[bytes]:
        """What the workers wrote, from the beginning to now."""
        number = revision or str(record.outputs.values["revision"])
        return log_of(self._folder(record.identity), number)

    def keys(self, record: Record) -> Mapping[str, str]:
        """The keys, out of their file."""
        return self._folder(record.identity).keys()

    def rotate(self, record: Record, key: str) -> Outputs:
        """Write a new key and have the server read it."""
        if key not in KEY_NAMES:
            raise ProviderError(
                "No such key", f"There is no {key} key; rotate {' or '.join(KEY_NAMES)}."
            )
        folder = self._folder(record.identity)
        with folder.locked():
            folder.rotate(key)
            Rollout(folder).reload_keys()
            document = _there(folder, record)
            return self._seen(folder, document, dict(record.derived))

    def roll_back(
        self, record: Record, revision: str | None, secrets: Mapping[str, str]
    ) -> RolledBack:
        """Have an earlier revision serve, from the bundle that it had."""
        folder = self._folder(record.identity)
        with folder.locked():
            document = _there(folder, record)
            chosen = _earlier(folder, document, revision)
            env = {tokens_of(path)[-1]: value for path, value in secrets.items()}
            rollout = Rollout(folder)
            document, _ = rollout.started(
                document, port=record.inputs.values["port"], with_keys=_with_keys(chosen.inputs)
            )
            document = rollout.serve(document, chosen, env, None, None)
            outputs = self._seen(folder, document, chosen.derived)
        return RolledBack(str(chosen.number), chosen.inputs, chosen.derived, outputs)

    def _folder(self, identity: str) -> DeploymentFolder:
        return DeploymentFolder(self._context.data_folder, identity)

    def _ensure(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Make the server serve what is desired; what serves stays wherever this fails."""
        folder = self._folder(desired.identity)
        with folder.locked():
            document = folder.made(desired.name)
            inputs: Deployment = desired.inputs
            rollout = Rollout(folder)
            secrets = secrets_of(desired)
            if inputs.auth.mode == "key":
                folder.keys()
            wanted = wanted_revision(folder, document, desired, self._context, operation)
            document = folder.made(desired.name)
            if self._must_restart(rollout, document, inputs, wanted):
                rollout.stop(document)
            document, status = rollout.started(
                document, port=inputs.port, with_keys=inputs.auth.mode == "key"
            )
            if self._must_take_over(status, inputs):
                document, status = rollout.taken_over(document, with_keys=inputs.auth.mode == "key")
            try:
                document = self._serve(
                    rollout, document, status, wanted, desired, secrets, operation
                )
            except BaseException:
                if document.active is None:
                    rollout.stop(document)  # a server that never served is nobody's
                raise
            folder.forget_revisions(inputs.rollout.keep, document.active or 0)
            self._note_lineage(desired, document)
            return self._seen(folder, document, dict(desired.derived))

    def _serve(
        self,
        rollout: Rollout,
        document: Document,
        status: Status,
        wanted: Revision,
        desired: Desired,
        secrets: Mapping[str, str],
        operation: OperationHandle,
    ) -> Document:
        inputs: Deployment = desired.inputs
        serving = status.active.revision if status.active is not None else None
        if serving != str(wanted.number):
            smoke = None
            if inputs.smoke is not None:
                path = Path(os.path.normpath(self._context.root / inputs.smoke.request))
                smoke = smoke_of(path, inputs.smoke.expect_status)
            return rollout.serve(document, wanted, secrets, smoke, operation)
        if status.active is not None and status.active.workers_wanted != inputs.replicas:
            rollout.scale(inputs.replicas)
        rollout.reload_keys()
        return rollout.folder.write(document.model_copy(update={"active": wanted.number}))

    def _must_restart(
        self, rollout: Rollout, document: Document, inputs: Deployment, wanted: Revision
    ) -> bool:
        """Whether the server has to end first: for another port, or by the strategy."""
        if rollout.status() is None:
            return False
        moves = inputs.port is not None and document.port not in (None, inputs.port)
        recreates = inputs.rollout.strategy == "recreate" and document.active not in (
            None,
            wanted.number,
        )
        return moves or recreates

    def _must_take_over(self, status: Status, inputs: Deployment) -> bool:
        """Whether a new server has to take the old one's place: it asks for keys or not."""
        asks = bool(status.key_fingerprints)
        return asks != (inputs.auth.mode == "key")

    def _seen(
        self, folder: DeploymentFolder, document: Document, derived: dict[str, JsonValue]
    ) -> dict[str, JsonValue]:
        """The deployment as it is now, as outputs."""
        status = Rollout(folder).status()
        active = None if status is None else status.active
        state = STOPPED
        if active is not None:
            state = HEALTHY if active.workers_ready else UNHEALTHY
        elif Rollout(folder).is_alive(document):
            state = UNHEALTHY
        base = f"http://127.0.0.1:{document.port}"
        kept = folder.revision(document.active) if document.active else None
        return {
            "scoring_uri": f"{base}/score",
            "swagger_uri": f"{base}/swagger.json",
            "host": host_identity(self._context),
            "revision": int(active.revision) if active is not None else document.active or 0,
            "state": state,
            "image_digest": active.digest if active else kept.image_digest if kept else "",
            "variables": derived.get("variables", {}),
            "workers": active.workers_wanted
            if active
            else int(kept.spec["workers"])
            if kept
            else 0,
            "keys": dict(status.key_fingerprints) if status else folder.fingerprints(),
        }

    def _note_lineage(self, desired: Desired, document: Document) -> None:
        workspace = Path(str(desired.targets["workspace"].outputs.values["path"]))
        digest = desired.derived["image_digest"]
        with contextlib.suppress(HistoryError):  # an unavailable history fails no apply
            self._context.open_history(workspace).add_edge(
                f"image:{digest}", "serves", f"deployment:{desired.name}:{document.active}"
            )


def _with_keys(inputs: Mapping[str, JsonValue]) -> bool:
    return bool(inputs["auth"]["mode"] == "key")


def _there(folder: DeploymentFolder, record: Record) -> Document:
    document = folder.read()
    if document is None:
        raise NotFoundError(
            "The deployment is gone",
            f"{folder.path} is no longer there. Run: amlplan apply",
            address=record.address,
        )
    return document


def _earlier(folder: DeploymentFolder, document: Document, revision: str | None) -> Revision:
    """The revision to go back to; raises NotFoundError where it is not kept."""
    kept = [number for number in folder.revisions() if number != document.active]
    names = ", ".join(str(number) for number in kept) or "none"
    before = [number for number in kept if number < (document.active or 0)]
    number = before[-1] if revision is None and before else None
    if revision is not None and revision.isdecimal() and int(revision) in kept:
        number = int(revision)
    found = None if number is None else folder.revision(number)
    if found is None:
        what = "an earlier revision" if revision is None else f"revision {revision}"
        raise NotFoundError(
            "No such revision",
            f"There is no {what} to go back to; kept beside the one that serves: {names}.",
        )
    return found
