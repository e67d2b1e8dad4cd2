"""The archive by which an image is loaded into an engine: with the layers that it lacks only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX
from amlplan.errors import NotFoundError
from amlplan_images.entries import end_of_archive, header, padding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from amlplan_images.layers import Layer
    from amlplan_images.written import WrittenImage

MANIFEST = "manifest.json"


def archive_of(image: WrittenImage, there: int, tags: Sequence[str] = ()) -> Iterator[bytes]:
    """An archive for an engine that has the lowest `there` layers of the image; may be repeated.

    `amlplan_images.written.layers_there` counts them. Raises NotFoundError where one of the base
    image is lacking, and ProviderError in the midst where a layer is not what it was.
    """
    lacking = image.diff_ids[there : len(image.base.layers)]
    if lacking:
        raise base_is_gone(image)
    return _archive(image, image.layers[max(0, there - len(image.base.layers)) :], tags)


def whole_archive_of(
    image: WrittenImage, base_layers: Mapping[str, Layer], tags: Sequence[str] = ()
) -> Iterator[bytes]:
    """An archive with every layer, for engines that take no other, as containerd's image store.

    `base_layers` are those of the base image by their diff id, see `amlplan_images.saved`. Raises
    NotFoundError where one is lacking.
    """
    if not set(image.base.layers) <= base_layers.keys():
        raise base_is_gone(image)
    layers = [*(base_layers[diff_id] for diff_id in image.base.layers), *image.layers]
    return _archive(image, layers, tags)


def base_is_gone(image: WrittenImage) -> NotFoundError:
    """The error for an engine that no longer has the base image that the lock names."""
    return NotFoundError(
        "The base image is gone from the engine",
        f"The engine lacks layers of {image.base.digest}, on which the image is built. Bring it "
        "there again, by docker pull or docker load, then apply.",
    )


def _archive(image: WrittenImage, layers: Iterable[Layer], tags: Sequence[str]) -> Iterator[bytes]:
    written = 0
    for piece in _members(image, layers, tags):
        written += len(piece)
        yield piece
    yield end_of_archive(written)


def _members(image: WrittenImage, layers: Iterable[Layer], tags: Sequence[str]) -> Iterator[bytes]:
    configuration = f"{image.id.removeprefix(PREFIX)}.json"
    yield from _member(configuration, image.configuration)
    for layer in {layer.diff_id: layer for layer in layers}.values():
        yield header(_place(layer.diff_id), layer.size)
        yield from layer.stream()
        yield padding(layer.size)
    document = {
        "Config": configuration,
        "RepoTags": list(tags) or None,
        "Layers": [_place(diff_id) for diff_id in image.diff_ids],
    }
    yield from _member(MANIFEST, json.dumps([document]).encode())


def _member(path: str, content: bytes) -> Iterator[bytes]:
    yield header(path, len(content))
    yield content
    yield padding(len(content))


def _place(diff_id: str) -> str:
    return f"{diff_id.removeprefix(PREFIX)}.tar"
