"""Images written: their layers built on this machine, and put on a base that an engine has."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.abilities import KeepsContent, UnpacksEnvironments
from amlplan.errors import NotFoundError, ProviderError
from amlplan.provider import has
from amlplan_docker.images.base_built import built_base
from amlplan_docker.images.base_found import base_again, config_of
from amlplan_docker.images.composed import check_server, composed
from amlplan_docker.reaching import login_of
from amlplan_images.code import code_layer
from amlplan_images.dependencies import NAME as DEPENDENCIES
from amlplan_images.dependencies import Dependencies, dependencies_layer
from amlplan_images.image_document import image_document
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

    from amlplan.content_store import ContentStore
    from amlplan.provider import (
        Desired,
        Draft,
        OperationHandle,
        ProviderContext,
        Referred,
        Targets,
    )
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.images.composed import Composed
    from amlplan_images.base import BaseImage
    from amlplan_images.image_document import Serving
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


class Writer:
    """Writes images; only `foreseen` needs nothing but this machine."""

    def __init__(self, context: ProviderContext) -> None:
        self._context = context
        self._cache = LayerCache(context.cache_folder)

    def foreseen(self, draft: Draft, targets: Targets) -> dict[str, JsonValue]:
        """What is known of the image before it is made: its base, and its id where no build is.

        Models are read where they lie now: in the workspace, or at their source.
        """
        image = composed(draft.values, draft.referred, draft.lock, self._context)
        if image is None:
            return {}
        found: dict[str, JsonValue] = {"base": image.base.digest}
        if not image.ground.is_built:
            locate = self._locate(targets.get("workspace"), draft.referred)
            with contextlib.suppress(NotFoundError):  # a model that is nowhere yet
                found["image_id"] = self._image(image, image.base, locate, {}, _unasked).id
        return found

    def built_layers(
        self,
        base: BaseImage,
        environment: Referred,
        serving: Serving,
        operation: OperationHandle,
    ) -> dict[str, Layer]:
        """The layers of dependencies and of the server, built where the cache lacks them."""
        wanted = Dependencies.of(environment.address, environment.values, environment.lock, base)
        check_server(serving, wanted, environment.address)
        unpacks = self._unpacks()
        built = [dependencies_layer(wanted, base, unpacks, self._cache, operation)]
        if serving.server == "amlplan":
            built.append(server_layer(base, unpacks, self._cache, operation))
        return {layer.name: layer for layer in built}

    def described(
        self, composed: Composed, desired: Desired, operation: OperationHandle
    ) -> WrittenImage:
        """The image by its layers, to be looked for; nothing is built, and no engine asked.

        Over a base that is built, its id is not the one that it has in the end.
        """
        return self._image(
            composed,
            composed.base,
            self._locate(desired.targets["workspace"], desired.referred),
            self._readers(composed, desired.referred["environment"], operation),
            operation.check_cancelled,
        )

    def on_its_base(
        self,
        image: WrittenImage,
        composed: Composed,
        engine: Engine,
        desired: Desired,
        operation: OperationHandle,
    ) -> WrittenImage:
        """The same image for an engine, which gets its base, by a pull or a build if need be."""
        ground, values = composed.ground, desired.inputs.model_dump(mode="json")
        login = login_of(values, ground.reference)
        locked = composed.base.to_lock()
        there = base_again(engine, ground.reference, locked, login, operation)
        if not ground.is_built:
            return image
        key = ground.built_request(composed.base.digest).key
        there = built_base(engine, there, key, ground.labelled_text, operation)
        base = replace(composed.base, id=there.id, layers=there.layers, config=config_of(there))
        settings = settings_of(base, composed.serving, composed.parts.entry_script)
        return WrittenImage.of(base, image.layers, settings)

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

    def _locate(
        self, workspace: Record | None, referred: Mapping[str, Referred]
    ) -> Callable[[str], Path]:
        """Where the file with a digest lies: in the workspace's store, else at a model's source."""
        stored = None if workspace is None else self._content(workspace).path
        models = [each.values for way, each in referred.items() if way.startswith("models.")]
        return located(models, self._context.root, stored)

    def _content(self, workspace: Record) -> ContentStore:
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


def _check_built(built: Mapping[str, Layer], locked: Mapping[str, Measured]) -> None:
    for name, layer in built.items():
        if name in locked and layer.diff_id != locked[name].diff_id:
            raise ProviderError(
                "A layer is not the locked one",
                f"The layer of {name} was built as {layer.diff_id}, and amlplan.lock has "
                f"{locked[name].diff_id}. A package of the same version has other bytes here, or "
                "amlplan is another version. Lock it anew: amlplan lock -upgrade",
            )


def _unasked() -> None:
    """Nobody asks a plan to stop here."""
