"""Images on targets as tables and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.cli.text.fitting import fitted_table, terminal_width
from amlplan.cli.text.runs import size_text
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amlplan.abilities import StoredImage

_HEAD = ("TARGET", "IMAGE", "FOR", "SIZE", "USED BY")
_SHORT = 19


def images_table(found: Mapping[str, Sequence[StoredImage]]) -> str:
    """The images of each target, as wide as the terminal."""
    rows = [_row(target, image) for target, images in found.items() for image in images]
    return fitted_table(_HEAD, rows, terminal_width())


def _row(target: str, image: StoredImage) -> tuple[str, ...]:
    name = image.names[0] if image.names else image.id[:_SHORT]
    used = ", ".join(image.used_by) or "-"
    return target, name, image.role, size_text(image.size), used


def images_json(found: Mapping[str, Sequence[StoredImage]]) -> list[dict[str, Any]]:
    """The same with everything that is known."""
    return [
        {
            "target": target,
            "id": image.id,
            "names": list(image.names),
            "role": image.role,
            "size": image.size,
            "used_by": list(image.used_by),
        }
        for target, images in found.items()
        for image in images
    ]


def amount_of_images(images: Iterable[StoredImage]) -> str:
    """How many images and containers these are."""
    every = list(images)
    containers = sum(image.role in ("probe", "build") for image in every)
    told = counted(len(every) - containers, "image")
    return f"{told} and {counted(containers, 'container')}" if containers else told
