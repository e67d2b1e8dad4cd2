"""Whether an engine still has the bytes of an image, read back whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_docker.engine.failures import NotThereError, RefusedError
from amlplan_images.layer_cache import LayerCache
from amlplan_images.layers import Layer, measure
from amlplan_images.saved import saved_layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from amlplan_docker.engine.client import Engine

_INTEGRITY = "integrity checksum failed"


def damage_of(engine: Engine, image_id: str) -> list[str]:
    """What of an image is not as it was, in words; reads all of it, and keeps nothing."""
    seen = engine.image(image_id)
    if seen is None:
        return ["the engine has no such image"]
    try:
        found = saved_layers(engine.save([image_id]), _Measuring()).keys()
    except NotThereError:
        return ["the engine has no such image"]
    except RefusedError as failure:
        if _INTEGRITY not in failure.detail:
            raise
        return [failure.detail.rstrip(".")]
    return [
        f"layer {number} of {len(seen.layers)} no longer has the bytes of {diff_id}"
        for number, diff_id in enumerate(seen.layers, start=1)
        if diff_id not in found
    ]


class _Measuring(LayerCache):
    """Takes layers as a cache does, and keeps what they measure only."""

    def __init__(self) -> None:
        """Without a folder, as nothing is kept."""

    def store(
        self,
        name: str,
        pieces: Iterable[bytes | memoryview],
        check: Callable[[], None] = lambda: None,
    ) -> Layer:
        measured = measure(pieces, check)
        return Layer(name, measured.diff_id, measured.size, tuple)
