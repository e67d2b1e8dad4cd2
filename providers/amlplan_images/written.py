"""A written image: a base, layers on top of it and a configuration, which give it its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan_images.configuration import configuration_of, id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from amlplan_images.base import BaseImage
    from amlplan_images.configuration import Settings
    from amlplan_images.layers import Layer


@dataclass(frozen=True, slots=True)
class WrittenImage:
    """An image that can be sent to an engine; `layers` are ours, the lowest first."""

    base: BaseImage
    layers: tuple[Layer, ...]
    configuration: bytes

    @classmethod
    def of(cls, base: BaseImage, layers: Sequence[Layer], settings: Settings) -> WrittenImage:
        """The image of these layers on a base."""
        named = [(layer.name, layer) for layer in layers]
        return cls(base, tuple(layers), configuration_of(base, named, settings))

    @property
    def id(self) -> str:
        """The id that every engine gives it."""
        return id_of(self.configuration)

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The digests of all its layers, the lowest first."""
        return (*self.base.layers, *(layer.diff_id for layer in self.layers))


def layers_there(diff_ids: Sequence[str], images: Iterable[Sequence[str]]) -> int:
    """How many of these layers, from the lowest on, an engine has that has these images.

    An engine knows a layer by all that lie below it, so what only lies elsewhere in one of its
    images does not count. `images` are the layers of each image that it has.
    """
    return max((_shared(diff_ids, layers) for layers in images), default=0)


def _shared(these: Sequence[str], those: Sequence[str]) -> int:
    count = 0
    for one, other in zip(these, those, strict=False):
        if one != other:
            break
        count += 1
    return count
