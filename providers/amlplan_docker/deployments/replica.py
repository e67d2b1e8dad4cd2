"""One replica: the container that a revision asks for, and in what another one differs from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan_docker.engine.specification import ContainerSpec
from amlplan_docker.labels import DIGEST, MODELS, REPLICA, REVISION, ROLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_deployments.revisions import Revision
    from amlplan_docker.deployments.names import Names
    from amlplan_docker.engine.seen import ContainerSeen
    from amlplan_schemas.base import JsonValue

LINK = "/amlplan/link"
"""Where front and replicas have the volume in which they meet."""
SECRETS_FOLDER, SECRETS = "/amlplan", "secrets.json"
"""Where a replica finds its secret variables: put into its container before it starts."""
MODELS_FOLDER = "/amlplan/models"
DRAIN, STOP_SECONDS = 25, 30
"""Seconds for what a replica has in hand as it is ended, and until it is killed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where replicas run: the names of their deployment, and the network of its target."""

    names: Names
    network: str
    labels: Mapping[str, str]


def spec_of(revision: Revision, place: int, where: Place) -> ContainerSpec:
    """The container of a replica. No secret is in it."""
    spec = revision.spec
    name = where.names.replica(revision.number, place)
    return ContainerSpec(
        name=name,
        image=str(spec["image_id"]),
        command=("replica",) if is_linked(revision) else None,
        env=variables_of(revision, name),
        labels={
            **where.labels,
            ROLE: REPLICA,
            REVISION: str(revision.number),
            DIGEST: revision.image_digest,
            MODELS: json.dumps(spec["models"], sort_keys=True),
        },
        memory=spec["memory"],
        cpu=spec["cpu"],
        gpus=spec["gpu"] or None,
        volumes={where.names.link: (LINK, "rw")} if is_linked(revision) else {},
        network=where.network,
        aliases=(name,),
        restart=str(spec["restart"]),
        # A script that is process 1 would not hear that it is to end.
        init=bool(spec.get("init")),
        stop_timeout=STOP_SECONDS,
    )


def place_of(container: ContainerSeen) -> int:
    """The place of a replica among those of its revision; 0 where its name tells none."""
    text = container.name.rpartition("-")[2]
    return int(text) if text.isdecimal() else 0


def is_linked(revision: Revision) -> bool:
    """Whether its replicas have amlplan's worker, which comes to the front by a socket."""
    return bool(revision.spec["server"] == "amlplan")


def variables_of(revision: Revision, name: str) -> dict[str, str]:
    """The variables that may be seen: the user's, and ours, which the script does not get."""
    variables = {key: str(value) for key, value in revision.spec["variables"].items()}
    models = revision.spec["models"]
    if not is_linked(revision):
        only = f"/{models[0]['name']}" if len(models) == 1 else ""
        return {"AZUREML_MODEL_DIR": MODELS_FOLDER + only, **variables} if models else variables
    versions = {item["name"]: str(item["version"]) for item in models}
    return {
        **variables,
        "AMLPLAN_REPLICA": name,
        "AMLPLAN_REVISION": str(revision.number),
        "AMLPLAN_LINK": LINK,
        "AMLPLAN_DRAIN": str(DRAIN),
        "AMLPLAN_MODEL_VERSIONS": json.dumps(versions, sort_keys=True),
    }


def differences(
    seen: ContainerSeen, wanted: ContainerSpec, of_image: Mapping[str, str]
) -> dict[str, tuple[JsonValue, JsonValue]]:
    """What of a container is not as asked for: by field, as it is wanted and as it is.

    `of_image` are the variables that its image sets by itself.
    """
    pairs: dict[str, tuple[JsonValue, JsonValue]] = {
        "image_id": (wanted.image, seen.image_id),
        "env": (dict(wanted.env), own_variables(seen, wanted, of_image)),
        "cpu": (wanted.cpu, seen.cpu),
        "memory": (wanted.memory, seen.memory),
        "gpu": (wanted.gpus or 0, seen.gpus or 0),
        "restart": (wanted.restart, seen.restart_policy),
        "network": (True, wanted.network in seen.networks or not seen.is_running),
        "volumes": (sorted(wanted.volumes), sorted(item.name for item in seen.mounts)),
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def own_variables(
    seen: ContainerSeen, wanted: ContainerSpec, of_image: Mapping[str, str]
) -> dict[str, str]:
    """The variables of a container but those that its image sets by itself."""
    return {
        name: value
        for name, value in seen.env.items()
        if name in wanted.env or of_image.get(name) != value
    }
