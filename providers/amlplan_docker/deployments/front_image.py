"""The image that fronts are started from: the scoring server on a base, and nothing of a user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.abilities import UnpacksEnvironments
from amlplan.errors import ProviderError
from amlplan.provider import has
from amlplan_docker.deployments.names import Names
from amlplan_docker.images.base_found import base_now, config_of, digest_of_base, platform_of
from amlplan_docker.images.base_python import python_of
from amlplan_docker.images.made import Place, adopted, loaded
from amlplan_images.base import BaseImage
from amlplan_images.layer_cache import LayerCache
from amlplan_images.server import server_layer, server_version
from amlplan_images.starting import settings_of_front
from amlplan_images.written import WrittenImage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Desired, OperationHandle, ProviderContext
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ImageSeen
    from amlplan_schemas.base import JsonValue

NAME = "front"
"""What it is called on engines, behind amlplan's own name."""


@dataclass(frozen=True, slots=True)
class FrontImage:
    """An image of a front on the engine; `version` is that of the server inside."""

    id: str
    version: str


def made_front_image(
    engine: Engine,
    desired: Desired,
    image_id: str,
    context: ProviderContext,
    operation: OperationHandle,
) -> FrontImage:
    """The image of the server of now, loaded where the engine has none; held by the deployment.

    Raises ProviderError where nothing with a Python can be found to put it on.
    """
    base = _base(engine, desired, image_id, operation)
    provider = context.provider_of("environment")
    if not has(provider, UnpacksEnvironments):
        raise ProviderError(
            "The front cannot be made",
            "No installed provider of environments can unpack packages for images.",
        )
    layer = server_layer(base, provider, LayerCache(context.cache_folder), operation)
    image = WrittenImage.of(base, (layer,), settings_of_front(base))
    place = Place(engine, NAME, image.id, Names(desired.name, desired.identity).front_holder)
    seen = adopted(image, place, operation) or loaded(image, place, operation)
    return FrontImage(seen.id, server_version())


def _base(engine: Engine, desired: Desired, image_id: str, operation: OperationHandle) -> BaseImage:
    """What the front is put on: what its target says, the base of its image, or that itself."""
    reference = desired.targets["target"].inputs.values.get("front_base")
    if reference is not None:
        seen = base_now(engine, str(reference), None, operation, anew=False)
        return _as_base(engine, seen, str(reference))
    image = desired.referred.get("image")
    for entry in () if image is None else image.lock.values():
        if _is_base(entry):
            return BaseImage.from_lock(entry)
    whole = engine.image(image_id)
    if whole is None:
        raise _no_base(desired)
    try:
        return _as_base(engine, whole, image_id)
    except ProviderError as failure:
        raise _no_base(desired) from failure


def _is_base(entry: Mapping[str, JsonValue]) -> bool:
    return {"digest", "layers", "config", "python"} <= entry.keys()


def _as_base(engine: Engine, seen: ImageSeen, reference: str) -> BaseImage:
    python = python_of(engine, seen.id, None)
    if python is None:
        raise ProviderError(
            "The image has no Python",
            f"{reference} has no Python, and the front of a deployment needs one.",
        )
    return BaseImage(
        digest=digest_of_base(seen, reference),
        id=seen.id,
        platform=platform_of(seen),
        layers=seen.layers,
        config=config_of(seen),
        python=python,
    )


def _no_base(desired: Desired) -> ProviderError:
    target = desired.targets["target"].address
    return ProviderError(
        "Nothing to put the front on",
        f"The front of {desired.address} needs an image with a Python, and its own image has "
        f'none. Name one in {target}, as in front_base = "python:3.12-slim".',
    )
