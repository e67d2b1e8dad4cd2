"""Brings an image to an engine, and to a registry: adopted where it is there, else written."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError, ProviderError
from amlplan_docker.engine.failures import LoginRefusedError, RefusedError
from amlplan_docker.engine.sending import sent, told_once
from amlplan_docker.images.base_found import platform_of, pulled
from amlplan_docker.images.names import divided, host_of, repository_of, short, tag_of, use_of
from amlplan_docker.images.use import hold_image, let_go_of_image, next_of
from amlplan_images.archive import archive_of, whole_archive_of
from amlplan_images.layer_cache import LayerCache
from amlplan_images.saved import saved_layers
from amlplan_images.written import layers_there

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan.provider import OperationHandle
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ImageSeen
    from amlplan_docker.engine.specification import Credentials
    from amlplan_images.layers import Layer
    from amlplan_images.written import WrittenImage


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image is to be: on an engine under a name, held for its block, and in a registry.

    `holder` is the identity of the block. Until it is `kept` there, the one that the block had
    before is held too: an apply that fails takes nothing away.
    """

    engine: Engine
    name: str
    digest: str
    holder: str
    registry: str | None = None
    login: Credentials | None = None

    @property
    def repository(self) -> str:
        """Where it lies in the registry, else on the engine."""
        return repository_of(self.registry, self.name)

    @property
    def tag(self) -> str:
        """What it is called on the engine."""
        return tag_of(None, self.name, self.digest)

    @property
    def pushed_tag(self) -> str | None:
        """What it is called in the registry."""
        return None if self.registry is None else tag_of(self.registry, self.name, self.digest)

    @property
    def names(self) -> list[str]:
        """All of its names on the engine."""
        pushed = [] if self.pushed_tag is None else [self.pushed_tag]
        return [self.tag, *pushed, use_of(next_of(self.holder))]


def adopted(image: WrittenImage, place: Place, operation: OperationHandle) -> ImageSeen | None:
    """The image where engine or registry has it already; it is named and held then."""
    engine = place.engine
    for name in (image.id, place.tag):
        there = engine.image(name)
        if there is not None and is_same(there, image):
            operation.progress(f"{place.tag} is on the engine already")
            return named(there, place)
    if place.pushed_tag is None:
        return None
    try:
        there = pulled(engine, place.pushed_tag, place.login, operation)
    except LoginRefusedError as failure:
        raise login_refused(place.repository, place.login, failure) from failure
    except (NotFoundError, RefusedError):
        return None  # whether it can be reached is seen by the push
    if not is_same(there, image):
        operation.progress(f"{place.pushed_tag} in the registry is another image; it is written")
        return None
    return named(there, place)


def is_same(seen: ImageSeen, image: WrittenImage) -> bool:
    """Whether an image on an engine is this one.

    Its id says so; where the engine counts ids in another way, or the base was built and is
    another one wherever it is built, our layers do.
    """
    count = len(image.layers)
    return seen.id == image.id or (
        platform_of(seen) == "/".join(image.base.platform.split("/")[:2])
        and count > 0
        and seen.layers[-count:] == image.diff_ids[-count:]
    )


def loaded(image: WrittenImage, place: Place, operation: OperationHandle) -> ImageSeen:
    """Send the image to the engine, with the layers only that it lacks."""
    engine = place.engine
    there = _count_of_layers(image, engine)
    try:
        _load(image, place, there, operation)
    except RefusedError:
        if there <= len(image.base.layers):
            raise
        # An image that shared layers with this one may have gone since they were counted.
        _load(image, place, len(image.base.layers), operation)
    seen = engine.image(place.tag)
    if seen is None or not is_same(seen, image):
        raise ProviderError(
            "The engine has another image than was sent",
            f"{place.tag} was to be {image.id}, and is {seen.id if seen else 'not there'}. Apply "
            "again; where it stays so, the engine changes what it is given.",
        )
    return named(seen, place)


def _count_of_layers(image: WrittenImage, engine: Engine) -> int:
    return layers_there(image.diff_ids, (each.layers for each in engine.images({})))


def _load(image: WrittenImage, place: Place, there: int, operation: OperationHandle) -> None:
    engine = place.engine
    if engine.facts().has_containerd_store:
        _load_whole(image, place, operation)
        return
    lacking = image.layers[max(0, there - len(image.base.layers)) :]
    _prepare(lacking)
    size = sum(layer.size for layer in lacking)
    engine.load(sent(archive_of(image, there, place.names), size, operation))


def _load_whole(image: WrittenImage, place: Place, operation: OperationHandle) -> None:
    """Send every layer, also those of the base, which are taken from the engine itself."""
    with tempfile.TemporaryDirectory(prefix="amlplan-") as folder:
        operation.progress("reading the base image from the engine, which takes whole images only")
        layers = saved_layers(place.engine.save([image.base.id]), LayerCache(Path(folder)))
        _prepare(image.layers)
        size = sum(layer.size for layer in (*layers.values(), *image.layers))
        pieces = whole_archive_of(image, layers, place.names)
        place.engine.load(sent(pieces, size, operation))


def _prepare(layers: Iterable[Layer]) -> None:
    """Have what is not built yet be built now: an engine does not wait in mid-archive."""
    for layer in layers:
        next(layer.stream(), None)


def named(seen: ImageSeen, place: Place) -> ImageSeen:
    """Give an image its names, also one that holds it."""
    for name in (place.tag, place.pushed_tag):
        if name is not None and name not in seen.tags:
            place.engine.tag(seen.id, *divided(name))
    following = next_of(place.holder)
    if not {use_of(following), use_of(place.holder)} & set(seen.tags):
        hold_image(place.engine, seen.id, following)
    return seen


def kept(seen: ImageSeen, place: Place) -> None:
    """Hold the image for its block, in the place of the one that the block had before."""
    hold_image(place.engine, seen.id, place.holder)
    let_go_of_image(place.engine, next_of(place.holder))


def pushed(place: Place, operation: OperationHandle) -> str | None:
    """Push the image by its tag; its name by digest there. None where it has no registry."""
    if place.registry is None:
        return None
    repository = place.repository
    operation.progress(f"pushing {place.pushed_tag}")
    try:
        digest = place.engine.push(
            repository, short(place.digest), auth=place.login, on_progress=told_once(operation)
        )
    except LoginRefusedError as failure:
        raise login_refused(place.repository, place.login, failure) from failure
    except ProviderError as failure:
        raise type(failure)(
            "The image could not be pushed",
            f"It is on the engine as {place.tag}, and its registry {host_of(repository)} did not "
            f"take it: {failure.detail} Apply again when it does; what it has is not sent twice.",
        ) from failure
    return f"{repository}@{digest}"


def login_refused(
    repository: str, login: Credentials | None, failure: LoginRefusedError
) -> LoginRefusedError:
    """The error for a login that a registry refuses, with where the login came from."""
    host = host_of(repository)
    source = (
        "the docker credential store has none that it takes. Give credentials {} in the image "
        f"block, or run: docker login {host}"
        if login is None
        else f"that of {login.username}, from credentials of the image block, is not taken"
    )
    return LoginRefusedError(
        "The registry refused the login", f"{host} wants a login, and {source}. {failure.detail}"
    )
