"""What is wished of a front, and the image that a deployment needs on its engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_docker.deployments.front_container import LISTEN, FrontWish
from amlplan_docker.deployments.front_image import made_front_image
from amlplan_docker.deployments.plan import tls_files
from amlplan_docker.images.base_found import pulled
from amlplan_docker.reaching import login_of

if TYPE_CHECKING:
    from amlplan.provider import Desired, OperationHandle, ProviderContext
    from amlplan_docker.engine.client import Engine
    from amlplan_schemas.deployment import Deployment


def wish_of(
    engine: Engine,
    desired: Desired,
    image_id: str,
    context: ProviderContext,
    operation: OperationHandle,
) -> FrontWish:
    """What the front is to be; its image is on the engine then."""
    inputs: Deployment = desired.inputs
    tls = None
    if inputs.tls is not None:
        tls = tls_files(inputs.tls.model_dump(mode="json"), context.root)
    image = made_front_image(engine, desired, image_id, context, operation)
    return FrontWish(
        image=image,
        listen=inputs.listen or LISTEN,
        port=inputs.port,
        with_keys=inputs.auth.mode == "key",
        tls=tls,
    )


def image_on_engine(engine: Engine, desired: Desired, operation: OperationHandle) -> str:
    """The id of the deployment's image on this engine; pulled by its digest where it lacks it.

    Raises ProviderError where it is neither there nor in a registry.
    """
    image = desired.targets["image"]
    outputs = image.outputs.values
    there = engine.image(str(outputs["image_id"]))
    if there is not None:
        return there.id
    by_digest = outputs.get("repo_digest")
    if by_digest is None:
        raise ProviderError(
            "The image is not on the engine",
            f"{image.address} is on another engine than {desired.targets['target'].address}, and "
            "in no registry that both could reach. Give it a registry, or build it where it is "
            "served.",
        )
    login = login_of(desired.referred["image"].values)
    return pulled(engine, str(by_digest), login, operation).id
