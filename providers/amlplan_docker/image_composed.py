"""An image as it is to be: what goes into it, known at plan, and written when it is needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from amlplan.abilities import KeepsContent, UnpacksEnvironments
from amlplan.errors import NotFoundError, ProviderError
from amlplan.provider import has
from amlplan_docker.base_built import built_base
from amlplan_docker.base_found import base_again, config_of
from amlplan_docker.image_request import (
    Ground,
    base_entry,
    check_base,
    check_platform,
    ground_of,
    layers_request,
)
from amlplan_docker.reaching import login_of
from amlplan_images.base import BaseImage
from amlplan_images.code import code_layer
from amlplan_images.collecting import parts_of
from amlplan_images.contents import content_digest, contents_of
from amlplan_images.dependencies import NAME as DEPENDENCIES
from amlplan_images.dependencies import Dependencies, dependencies_layer
from amlplan_images.image_document import Serving, image_document
from amlplan_images.layer_cache import LayerCache
from amlplan_images.layers import Layer, Measured
from amlplan_images.manifest import image_manifest
from amlplan_images.model_sources import located
from amlplan_images.models import model_layers
from amlplan_images.server import NAME as SERVER
from amlplan_images.server import server_layer
from amlplan_images.starting import settings_of
from amlplan_images.written import WrittenImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from amlplan.provider import (
        Desired,
        Draft,
        OperationHandle,
        ProviderContext,
        Referred,
        Targets,
    )
    from amlplan_docker.client import Engine
    from amlplan_images.parts import Parts
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record

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


class Composer:
    """Composes images from blocks; only `written` and `built_layers` need more than this host."""

    def __init__(self, context: ProviderContext) -> None:
        self._context = context
        self._cache = LayerCache(context.cache_folder)

    def composed(
        self,
        values: Mapping[str, JsonValue],
        referred: Mapping[str, Referred],
        lock: Mapping[str, Mapping[str, Any]],
    ) -> Composed | None:
        """The image of a block with these inputs; None while something of it is not known."""
        if "environment" not in referred:
            return None
        environment = referred["environment"]
        ground = ground_of(values, environment)
        entry = None if ground is None else base_entry(ground, lock)
        parts = parts_of(values, referred, self._context.root, self._context.cache_folder)
        if ground is None or entry is None or parts is None:
            return None
        check_base(ground, entry, environment.address)
        check_platform(ground.platform, referred.get("builder"))
        base = BaseImage.from_lock(entry)
        serving = serving_of(values)
        request = layers_request(base, environment, serving)
        if request is None or request.key not in lock:
            return None
        dependencies = Dependencies.of(
            environment.address, environment.values, environment.lock, base
        )
        _check_server(serving, dependencies, environment.address)
        return Composed(
            parts=parts,
            ground=ground,
            base=base,
            serving=serving,
            dependencies=dependencies,
            locked={
                name: Measured.from_lock(each) for name, each in lock[request.key].items() if each
            },
            contents=contents_of(parts, base, serving, ground.text(base.digest)),
            variables=_variables(environment),
        )

    def foreseen_id(self, draft: Draft, targets: Targets) -> str | None:
        """The id that the image will have; None where that shows once it is built only."""
        composed = self.composed(draft.values, draft.referred, draft.lock)
        if composed is None or composed.ground.is_built:
            return None
        workspace = targets.get("workspace")
        stored = None if workspace is None else self._content(workspace).path
        models = [each.values for way, each in draft.referred.items() if way.startswith("models.")]
        locate = located(models, self._context.root, stored)
        try:
            return self._image(composed, composed.base, locate, {}, _unasked).id
        except NotFoundError:
            return None  # a model whose content is neither in the store nor in the project

    def built_layers(
        self,
        base: BaseImage,
        environment: Referred,
        serving: Serving,
        operation: OperationHandle,
    ) -> dict[str, Layer]:
        """The layers of dependencies and of the server, built where the cache lacks them."""
        wanted = Dependencies.of(environment.address, environment.values, environment.lock, base)
        _check_server(serving, wanted, environment.address)
        unpacks = self._unpacks()
        built = [dependencies_layer(wanted, base, unpacks, self._cache, operation)]
        if serving.server == "amlplan":
            built.append(server_layer(base, unpacks, self._cache, operation))
        return {layer.name: layer for layer in built}

    def written(
        self, composed: Composed, engine: Engine, desired: Desired, operation: OperationHandle
    ) -> WrittenImage:
        """The image for an engine, which gets its base; layers are built when they are read."""
        ground, values = composed.ground, desired.inputs.model_dump(mode="json")
        there = base_again(
            engine,
            ground.reference,
            composed.base.to_lock(),
            login_of(values),
            operation,
        )
        base = composed.base
        if ground.is_built:
            key = ground.built_request(composed.base.digest).key
            there = built_base(engine, there, key, ground.labelled_text, operation)
            base = replace(base, id=there.id, layers=there.layers, config=config_of(there))
        environment = desired.referred["environment"]
        reads = self._readers(composed, environment, operation)
        return self._image(
            composed,
            base,
            self._content(desired.targets["workspace"]).path,
            reads,
            operation.check_cancelled,
        )

    def _readers(
        self, composed: Composed, environment: Referred, operation: OperationHandle
    ) -> dict[str, Callable[[], Iterable[bytes | memoryview]]]:
        """What gives the bytes of the locked layers; each is built once, and then only."""
        built: dict[str, Layer] = {}

        def reader(name: str) -> Callable[[], Iterable[bytes | memoryview]]:
            def read() -> Iterable[bytes | memoryview]:
                if not built:
                    built.update(
                        self.built_layers(composed.base, environment, composed.serving, operation)
                    )
                    _check_built(built, composed.locked)
                return built[name].read()

            return read

        return {name: reader(name) for name in composed.locked}

    def _image(
        self,
        composed: Composed,
        base: BaseImage,
        locate: Callable[[str], Path],
        reads: Mapping[str, Callable[[], Iterable[bytes | memoryview]]],
        check: Callable[[], None],
    ) -> WrittenImage:
        """The whole image. Code lies on top, as it changes most often and is sent the quickest."""
        parts, serving, locked = composed.parts, composed.serving, composed.locked
        manifest = image_manifest(
            composed.digest,
            composed.contents,
            parts,
            composed.base,
            locked,
            composed.dependencies.packages,
        )
        layers = [
            Layer(name, locked[name].diff_id, locked[name].size, reads.get(name, tuple))
            for name in (DEPENDENCIES, SERVER)
            if name in locked
        ]
        layers += model_layers(parts.models, locate, self._cache, check)
        document = image_document(parts, serving)
        layers.append(code_layer(parts, document, manifest, self._cache))
        settings = settings_of(base, serving, parts.entry_script, tuple(parts.models))
        return WrittenImage.of(base, layers, settings)

    def _content(self, workspace: Record) -> Any:
        provider = self._context.provider_of(workspace.kind)
        if not has(provider, KeepsContent):
            raise ProviderError(
                "A workspace without content",
                f"The provider of {workspace.address} keeps no models, so none can go into an "
                "image.",
            )
        return provider.content(workspace.outputs.values)

    def _unpacks(self) -> UnpacksEnvironments:
        provider = self._context.provider_of("environment")
        if not has(provider, UnpacksEnvironments):
            raise ProviderError(
                "Environments that cannot be put into images",
                "The installed provider of environment cannot unpack packages for an image. "
                "Install amlplan again.",
            )
        return provider


def serving_of(values: Mapping[str, JsonValue]) -> Serving:
    """What answers requests in containers of an image with these inputs."""
    return Serving(str(values["server"]), values["routes"] or {}, bool(values["enable_gpu"]))


def _check_server(serving: Serving, dependencies: Dependencies, address: str) -> None:
    if serving.server != "azmlinfsrv":
        return
    names = {str(package["name"]).lower().replace("_", "-") for package in dependencies.packages}
    if AZURE_SERVER not in names:
        raise ProviderError(
            "The scoring server is not in the environment",
            f'server = "azmlinfsrv" starts the package {AZURE_SERVER}, and {address} is locked '
            "without it. Add it to the requirements, or leave server out for amlplan's own.",
        )


def _check_built(built: Mapping[str, Layer], locked: Mapping[str, Measured]) -> None:
    for name, layer in built.items():
        if name in locked and layer.diff_id != locked[name].diff_id:
            raise ProviderError(
                "A layer is not the locked one",
                f"The layer of {name} was built as {layer.diff_id}, and amlplan.lock has "
                f"{locked[name].diff_id}. A package of the same version has other bytes here, or "
                "amlplan is another version. Lock it anew: amlplan lock -upgrade",
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


def _unasked() -> None:
    """Nobody asks a plan to stop here."""
