"""Who uses an image of an engine: tags that keep it from being cleared away.

A tag is the engine's own way of holding on to an image, so it is right for every state and every
member that shares the engine, and needs no list that could be lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from amlplan.errors import NotFoundError
from amlplan_docker.images.names import USES, divided, use_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class TagsImages(Protocol):
    """The part of an engine that this needs."""

    def tag(self, image: str, repository: str, tag: str) -> None:
        """Give an image one more name."""
        ...

    def remove_image(self, reference: str) -> None:
        """Take a name away, and the image with its last one."""
        ...


def next_of(holder: str) -> str:
    """Who holds an image that is to become a holder's, until it is: the one before stays held."""
    return f"{holder}/next"


def hold_image(engine: TagsImages, image_id: str, holder: str) -> None:
    """Keep an image for a holder, named by its identity; lets go of the one that it kept before.

    May be repeated. A deployment holds each revision that it keeps under an identity of its own.
    """
    repository, tag = divided(use_of(holder))
    engine.tag(image_id, repository, tag)


def let_go_of_image(engine: TagsImages, holder: str) -> None:
    """Hold no image for this holder any more; the image stays until it is cleared away.

    Its last name never goes this way, as the other names are there until then.
    """
    try:
        engine.remove_image(use_of(holder))
    except NotFoundError:
        return


def is_held(names: Iterable[str]) -> bool:
    """Whether somebody holds the image that has these names."""
    return any(divided(name)[0] == USES for name in names)
