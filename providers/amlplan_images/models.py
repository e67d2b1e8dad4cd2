"""The layers of models: one for each, whose digest is remembered by the content of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.content import changed_since_plan
from amlplan.errors import NotFoundError
from amlplan_images.entries import File, archive_of_entries
from amlplan_images.layer_cache import key_of
from amlplan_images.layers import ROOT, Layer, measure
from amlplan_images.parts import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from amlplan.errors import ProviderError
    from amlplan_images.layer_cache import LayerCache

MOST = 32
"""An image has no more layers of models; an engine takes some 120 in all."""
FOLDER = f"{ROOT}/{MODELS}"


def model_layers(
    models: Mapping[str, Mapping[str, str]],
    locate: Callable[[str], Path],
    cache: LayerCache,
    check: Callable[[], None] = lambda: None,
) -> tuple[Layer, ...]:
    """A layer for each model by name, of its files as digests by path; the largest lie lowest.

    `locate` tells where the file with a digest lies on this machine, or would lie. The order is so
    that a change of a small model sends no large one again. What a layer measures is remembered by
    its files' digests; only what is not is read. Raises NotFoundError where a file is missing that
    has to be read.
    """
    layers = [_layer((name,), models, locate, cache, check) for name in models]
    layers.sort(key=lambda layer: (-layer.size, layer.name))
    if len(layers) <= MOST:
        return tuple(layers)
    rest = {layer.name for layer in layers[MOST - 1 :]}
    together = tuple(name for name in sorted(models) if _title((name,)) in rest)
    return (*layers[: MOST - 1], _layer(together, models, locate, cache, check))


def _layer(
    names: tuple[str, ...],
    models: Mapping[str, Mapping[str, str]],
    locate: Callable[[str], Path],
    cache: LayerCache,
    check: Callable[[], None],
) -> Layer:
    files = {f"{name}/{path}": digest for name in names for path, digest in models[name].items()}
    title = _title(names)
    key = key_of(["models", files])

    def read() -> Iterator[bytes | memoryview]:
        return archive_of_entries(_entries(files, locate, title))

    def changed() -> ProviderError:
        cache.forget(key)
        return changed_since_plan(f"The content of the {title}, or the cache of its layer,")

    measured = cache.measured(key)
    if measured is None:
        measured = measure(read(), check)
        cache.remember(key, measured)
    return Layer(title, measured.diff_id, measured.size, read, changed)


def _title(names: tuple[str, ...]) -> str:
    return f"model {names[0]}" if len(names) == 1 else f"{len(names)} models"


def _entries(files: Mapping[str, str], locate: Callable[[str], Path], title: str) -> Iterator[File]:
    for name, digest in files.items():
        place = locate(digest)
        try:
            size = place.stat().st_size
        except OSError as failure:
            raise NotFoundError(
                "A model's content is gone",
                f"{name} of the {title} can no longer be read from the workspace's store. Plan "
                "again: the plan will register it anew where its source is still there.",
            ) from failure
        yield File(f"{FOLDER}/{name}", size, place)
