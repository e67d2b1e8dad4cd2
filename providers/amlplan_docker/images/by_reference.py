"""Images that were built elsewhere, named by the digest that a registry has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError, ProviderError
from amlplan_docker.engine.failures import LoginRefusedError, RefusedError
from amlplan_docker.images.base_found import platform_of, pulled
from amlplan_docker.images.made import login_refused, named
from amlplan_docker.images.names import by_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import OperationHandle
    from amlplan_docker.engine.seen import ImageSeen
    from amlplan_docker.images.made import Place
    from amlplan_schemas.base import JsonValue

INPUT = "reference"


def facts_of_reference(reference: str) -> dict[str, JsonValue]:
    """What is known of such an image at plan; raises ProviderError for one without a digest."""
    digest = by_digest(reference).digest
    return {"digest": digest, "contents": {INPUT: digest}, "variables": {}}


def brought(
    reference: str, platform: str, place: Place, operation: OperationHandle
) -> tuple[ImageSeen, str]:
    """The image on the engine, pulled where it is not there yet, and its name in the registry."""
    wanted = by_digest(reference)
    seen = place.engine.image(wanted.text)
    if seen is None:
        try:
            seen = pulled(place.engine, wanted.text, place.login, operation)
        except LoginRefusedError as failure:
            raise login_refused(wanted.repository, place.login, failure) from failure
        except (NotFoundError, RefusedError) as failure:
            raise type(failure)(
                "The image cannot be had from its registry",
                f"{wanted.text} was to be pulled: {failure.detail} Correct reference, or make the "
                "registry reachable for the engine.",
            ) from failure
    if platform_of(seen) != platform:
        raise ProviderError(
            "The image is for another platform",
            f"{wanted.text} is for {platform_of(seen)}, and the block asks for {platform}. Name "
            "the digest of the image for that platform, or set platform.",
        )
    return named(seen, place), wanted.text


def is_of(inputs: Mapping[str, JsonValue]) -> bool:
    """Whether these inputs name an image that was built elsewhere."""
    return inputs.get(INPUT) is not None
