"""Images of ours on an engine: which there are, who uses them, and how unused ones go."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from amlplan.abilities import StoredImage
from amlplan_docker.engine.failures import ConflictError, NotThereError
from amlplan_docker.images.names import BASES, OURS, USES, divided, use_of
from amlplan_docker.images.use import next_of
from amlplan_docker.labels import BUILD, FRONT, JOB, PROBE, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen, ImageSeen
    from amlplan_schemas.state import Record

IMAGE, BASE = "image", "base"
PASSING = (PROBE, BUILD)
"""Roles of containers that live for a moment."""
MOMENT = timedelta(minutes=30)
"""How long such a container may live before it counts as left behind."""
_ROLES = {BASES: BASE, f"{OURS}/{FRONT}": FRONT, f"{OURS}/{JOB}": JOB}


def stored_images(engine: Engine, records: Iterable[Record]) -> list[StoredImage]:
    """What is on the engine, by name; `records` are those whose addresses can be told."""
    images = [image for image in engine.images({}) if _is_ours(image)]
    containers = engine.containers({}, all=True)
    holders = {
        use_of(holder): record.address
        for record in records
        for holder in (record.identity, next_of(record.identity))
    }
    users = {image.id: list(_users(image, containers, holders)) for image in images}
    _add_those_that_rest_on(images, users)
    found = [_stored(image, users[image.id]) for image in images]
    found += [_left_behind(item) for item in containers if _is_left_behind(item)]
    return sorted(found, key=lambda item: (item.role, item.names, item.id))


def discard_images(engine: Engine, images: Iterable[StoredImage]) -> list[StoredImage]:
    """Remove these; gives those that went.

    Names of ours go one by one, never the image itself: a name that was given to it meanwhile, by
    an apply that came to use it, keeps it, and so does one that is not ours.
    """
    return [image for image in images if _discard(engine, image)]


def _discard(engine: Engine, image: StoredImage) -> bool:
    if image.role in PASSING:
        engine.remove_container(image.id, force=True)
        return True
    for name in image.names or (image.id,):
        _remove(engine, name)
    left = engine.image(image.id)
    if left is not None and not left.tags:
        for name in left.digests:
            _remove(engine, name)
        left = engine.image(image.id)
    return left is None or not names_of_ours(left)


def _remove(engine: Engine, name: str) -> None:
    with suppress(ConflictError, NotThereError):
        engine.remove_image(name)


def names_of_ours(image: ImageSeen) -> tuple[str, ...]:
    """The names that amlplan gave to an image: those under its own, and the same in a registry."""
    divisions = [divided(name) for name in image.tags]
    tags = {tag for repository, tag in divisions if repository.startswith(f"{OURS}/")}
    tags -= {tag for repository, tag in divisions if repository in (USES, BASES)}
    mine = [
        f"{repository}:{tag}"
        for repository, tag in divisions
        if repository.startswith(f"{OURS}/") or tag in tags
    ]
    return tuple(sorted(mine, key=_order))


def _order(name: str) -> tuple[bool, bool, str]:
    """Names on the engine come first, those of users last."""
    return divided(name)[0] == USES, not name.startswith(f"{OURS}/"), name


def _is_ours(image: ImageSeen) -> bool:
    return bool(names_of_ours(image)) or image.labels.get(ROLE) == BUILD


def _users(
    image: ImageSeen, containers: Sequence[ContainerSeen], holders: dict[str, str]
) -> Iterator[str]:
    for name in image.tags:
        if divided(name)[0] == USES:
            yield holders.get(name, "another state, or a kept revision")
    for container in containers:
        if container.image_id == image.id:
            yield f"container {container.name}"


def _add_those_that_rest_on(images: Sequence[ImageSeen], users: dict[str, list[str]]) -> None:
    """A base is used by the images in use whose lowest layers it is."""
    in_use = [image for image in images if users[image.id]]
    for base in images:
        if _role(base) == BASE and not users[base.id]:
            count = len(base.layers)
            users[base.id] += [
                f"image {_name(image)}"
                for image in in_use
                if image.id != base.id and image.layers[:count] == base.layers
            ]


def _stored(image: ImageSeen, users: Iterable[str]) -> StoredImage:
    return StoredImage(
        id=image.id,
        names=names_of_ours(image),
        role=_role(image),
        size=image.size,
        used_by=tuple(dict.fromkeys(users)),
    )


def _name(image: ImageSeen) -> str:
    return (*names_of_ours(image), image.id)[0]


def _role(image: ImageSeen) -> str:
    roles = {_ROLES.get(divided(name)[0], IMAGE) for name in image.tags}
    found = sorted(roles - {IMAGE})
    if found:
        return found[0]
    return IMAGE if image.tags else BASE


def _is_left_behind(container: ContainerSeen) -> bool:
    if container.labels.get(ROLE) not in PASSING:
        return False
    begun = datetime.fromisoformat(container.created_at[:19]).replace(tzinfo=UTC)
    return datetime.now(UTC) - begun > MOMENT


def _left_behind(container: ContainerSeen) -> StoredImage:
    return StoredImage(container.id, (container.name,), container.labels[ROLE])
