"""Images as they are told of: the outputs of a new one, and what is there of a recorded one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.provider import Missing, Present

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.provider import Desired, Observed, Outputs, Targets
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ImageSeen
    from amlplan_docker.images.made import Place
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


def outputs_of(
    desired: Desired,
    place: Place,
    seen: ImageSeen,
    repo_digest: str | None,
    base: str | None,
) -> Outputs:
    """What is recorded of an image that is on its engine."""
    return {
        "digest": desired.derived["digest"],
        "contents": desired.derived["contents"],
        "variables": desired.derived["variables"],
        "image_id": seen.id,
        "tag": place.tag,
        "repo_digest": repo_digest,
        "engine": desired.targets["builder"].outputs.values["identity"],
        "base": base,
        "model_versions": list(_models_of(desired.targets)),
        "size": seen.size,
    }


def seen_now(record: Record, engine: Engine) -> Observed:
    """The image that has the recorded name, or its id where the name is gone."""
    recorded = record.outputs.values
    named = engine.image(str(recorded["tag"]))
    if named is None:
        if engine.image(str(recorded["image_id"])) is None:
            return Missing()
        return Present(outputs={"image_id": recorded["image_id"], "tag": ""})
    outputs = {"image_id": named.id, "tag": recorded["tag"]}
    known = recorded["repo_digest"]
    if named.id == recorded["image_id"] and known is not None:
        outputs["repo_digest"] = known if known in named.digests else None
    return Present(outputs=outputs)


def _models_of(targets: Targets) -> Iterator[dict[str, JsonValue]]:
    for way in sorted(targets):
        if way.startswith("models."):
            seen = targets[way].outputs.values
            yield {
                "name": targets[way].name,
                "version": seen["version"],
                "digest": seen["digest"],
            }
