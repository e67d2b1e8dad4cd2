"""A deployment as it is now: what its server says, else what its folder keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_local.identity import host_identity
from amlplan_local.rollout import HOST, Rollout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import ProviderContext
    from amlplan_local.deployment_folder import DeploymentFolder, Document
    from amlplan_schemas.base import JsonValue
    from amlplan_serve.settings import RevisionStatus

HEALTHY, UNHEALTHY, STOPPED = "healthy", "unhealthy", "not running"


def addresses_of(port: JsonValue) -> dict[str, JsonValue]:
    """Where a deployment at a port is asked."""
    base = f"http://{HOST}:{port}"
    return {"scoring_uri": f"{base}/score", "swagger_uri": f"{base}/swagger.json"}


def outputs_of(
    folder: DeploymentFolder,
    document: Document,
    variables: JsonValue,
    context: ProviderContext,
    *,
    with_keys: bool,
) -> dict[str, JsonValue]:
    """The outputs of a deployment; `variables` are told on as they were recorded.

    Keys are those of their file, which is what the next start of the server reads.
    """
    status = Rollout(folder).status()
    active = None if status is None else status.active
    return {
        **addresses_of(document.port),
        "host": host_identity(context),
        "revision": int(active.revision) if active else document.active or 0,
        "state": _state(active, is_alive=Rollout(folder).is_alive(document)),
        **_what_serves(folder, document, active),
        "variables": variables,
        "keys": folder.fingerprints() if with_keys else {},
    }


def _state(active: RevisionStatus | None, *, is_alive: bool) -> str:
    if active is not None:
        return HEALTHY if active.workers_ready else UNHEALTHY
    return UNHEALTHY if is_alive else STOPPED


def _what_serves(
    folder: DeploymentFolder, document: Document, active: RevisionStatus | None
) -> Mapping[str, JsonValue]:
    """The digest and the number of workers; of a server that is silent, as it last served."""
    if active is not None:
        return {"image_digest": active.digest, "workers": active.workers_wanted}
    kept = folder.revision(document.active) if document.active else None
    if kept is None:
        return {"image_digest": "", "workers": 0}
    return {"image_digest": kept.image_digest, "workers": int(kept.spec["workers"])}
