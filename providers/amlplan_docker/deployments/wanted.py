"""What makes a revision of a deployment on Docker, and how its replicas are started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_deployments.revisions import OF_A_REVISION as OF_ANY_REVISION
from amlplan_deployments.revisions import Revision, key_of, new_revision
from amlplan_deployments.variables import plain_variables, secrets_of
from amlplan_schemas.base import bytes_of, seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Desired
    from amlplan_docker.deployments.documents import Document
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.deployment import Deployment
    from amlplan_schemas.state import Record

OF_A_REVISION = (*OF_ANY_REVISION, "cpu", "memory", "gpu", "restart")
"""The inputs that new containers are made for; others change what is around them."""
DEFAULT_CONCURRENCY = 1000
RESTART = "unless-stopped"


def wanted_revision(document: Document, desired: Desired, image_id: str) -> Revision:
    """The revision that is desired: one that is kept already, or a new one.

    A number is given for good once its revision serves; until then another wish takes it over.
    """
    key = key_of(desired, document.salt, OF_A_REVISION)
    number = document.last + 1
    for known in (document.active, document.last, number):
        kept = document.revisions.get(known or 0)
        if kept is not None and kept.key == key and kept.spec["image_id"] == image_id:
            return kept
    return new_revision(number, key, desired, _spec(desired, image_id))


def _spec(desired: Desired, image_id: str) -> dict[str, JsonValue]:
    """How its containers are made and served; no secret is in it."""
    inputs: Deployment = desired.inputs
    image: Record = desired.targets["image"]
    asked: Mapping[str, JsonValue] = image.inputs.values
    return {
        "image_id": image_id,
        "server": asked.get("server", "amlplan"),
        "routes": asked.get("routes"),
        "init": asked.get("server") == "none" and asked.get("reference") is None,
        "models": [dict(item) for item in image.outputs.values["model_versions"]],
        "variables": plain_variables(desired),
        "secrets": sorted(secrets_of(desired)),
        "cpu": inputs.cpu,
        "memory": None if inputs.memory is None else bytes_of(inputs.memory),
        "gpu": inputs.gpu or 0,
        "restart": inputs.restart or RESTART,
        "scoring_timeout": seconds_of(inputs.scoring_timeout),
        "startup_timeout": seconds_of(inputs.probes.startup_timeout),
        "max_concurrency": inputs.max_concurrency or DEFAULT_CONCURRENCY,
    }
