"""An image as it is to be: what goes into it, known at plan without looking at anything outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.errors import ProviderError
from amlplan_docker.images.request import (
    Ground,
    base_entry,
    check_base,
    check_platform,
    ground_of,
    layers_request,
)
from amlplan_images.base import BaseImage
from amlplan_images.collecting import parts_of
from amlplan_images.contents import content_digest, contents_of
from amlplan_images.dependencies import Dependencies
from amlplan_images.image_document import Serving
from amlplan_images.layers import Measured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import ProviderContext, Referred
    from amlplan_images.parts import Parts
    from amlplan_schemas.base import JsonValue

AZURE_SERVER = "azureml-inference-server-http"


@dataclass(frozen=True, slots=True)
class Composed:
    """What goes into an image. `locked` are the layers below its models, by what they hold."""

    parts: Parts
    ground: Ground
    base: BaseImage
    serving: Serving
    dependencies: Dependencies
    locked: Mapping[str, Measured]
    contents: dict[str, str]
    variables: Mapping[str, str]

    @property
    def digest(self) -> str:
        """One digest over all inputs."""
        return content_digest(self.contents)

    @property
    def facts(self) -> dict[str, JsonValue]:
        """What a plan tells and compares."""
        return {
            "digest": self.digest,
            "contents": self.contents,
            "variables": dict(self.variables),
        }


def composed(
    values: Mapping[str, JsonValue],
    referred: Mapping[str, Referred],
    lock: Mapping[str, Mapping[str, Any]],
    context: ProviderContext,
) -> Composed | None:
    """The image of a block with these inputs; None while something of it is not known."""
    if "environment" not in referred:
        return None
    environment = referred["environment"]
    ground = ground_of(values, environment)
    entry = None if ground is None else base_entry(ground, lock)
    parts = parts_of(values, referred, context.root, context.cache_folder)
    if ground is None or entry is None or parts is None:
        return None
    check_base(ground, entry, environment.address)
    check_platform(ground.platform, referred.get("builder"))
    base = BaseImage.from_lock(entry)
    serving = serving_of(values)
    request = layers_request(base, environment, serving)
    if request is None or request.key not in lock:
        return None
    dependencies = Dependencies.of(environment.address, environment.values, environment.lock, base)
    check_server(serving, dependencies, environment.address)
    return Composed(
        parts=parts,
        ground=ground,
        base=base,
        serving=serving,
        dependencies=dependencies,
        locked={name: Measured.from_lock(each) for name, each in lock[request.key].items() if each},
        contents=contents_of(parts, base, serving, ground.text(base.digest)),
        variables=_variables(environment),
    )


def serving_of(values: Mapping[str, JsonValue]) -> Serving:
    """What answers requests in containers of an image with these inputs."""
    return Serving(str(values["server"]), values["routes"] or {}, bool(values["enable_gpu"]))


def check_server(serving: Serving, dependencies: Dependencies, address: str) -> None:
    """Raise ProviderError where the environment lacks the server that the image is to start."""
    if serving.server != "azmlinfsrv":
        return
    names = {str(package["name"]).lower().replace("_", "-") for package in dependencies.packages}
    if AZURE_SERVER not in names:
        raise ProviderError(
            "The scoring server is not in the environment",
            f'server = "azmlinfsrv" starts the package {AZURE_SERVER}, and {address} is locked '
            "without it. Add it to the requirements, or leave server out for amlplan's own.",
        )


def _variables(environment: Referred) -> Mapping[str, str]:
    """The variables of the environment, which every deployment of the image gets."""
    if "variables" not in environment.values:
        raise ProviderError(
            "Secret variables in an image",
            f"{environment.address} has sensitive variables, and the image would hand them to "
            "every deployment. Give them to the deployment's env instead.",
        )
    found: Mapping[str, str] = environment.values["variables"]
    return found
