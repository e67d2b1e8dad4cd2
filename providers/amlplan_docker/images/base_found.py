"""The base image of an image, found at an engine or pulled there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import AuthError, NotFoundError, ProviderError, UnreachableError
from amlplan_docker.engine.sending import told_once
from amlplan_docker.images.names import PREFIX, divided, host_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import OperationHandle
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ImageSeen
    from amlplan_docker.engine.specification import Credentials
    from amlplan_schemas.base import JsonValue

OURS = "amlplan."
"""Begins labels of ours, which an image does not hand on to those that start from it."""
_KEPT = ("Env", "User", "WorkingDir", "Cmd", "Entrypoint", "StopSignal", "Shell")
"""What of a configuration says how containers start, beside labels."""


def base_now(
    engine: Engine,
    reference: str,
    login: Credentials | None,
    operation: OperationHandle,
    *,
    anew: bool,
) -> ImageSeen:
    """The image that a reference means now; pulled where the engine has none, or `anew`.

    What cannot be pulled anew, and is at the engine, is taken as it is there. Raises NotFoundError
    where it is nowhere.
    """
    there = engine.image(reference)
    if there is not None and not anew:
        return there
    try:
        return pulled(engine, reference, login, operation)
    except AuthError:
        raise
    except UnreachableError:
        raise
    except ProviderError as failure:
        if there is not None:
            operation.progress(f"{reference} is in no registry that answers; the engine's is taken")
            return there
        raise _nowhere(reference, failure) from failure


def base_again(
    engine: Engine,
    reference: str,
    locked: Mapping[str, JsonValue],
    login: Credentials | None,
    operation: OperationHandle,
) -> ImageSeen:
    """The image that the lock names, whatever its tag means now; pulled by digest if need be.

    It is known by its id, or by its layers where an engine counts ids in another way.
    """
    repository, digest = divided(reference.partition("@")[0])[0], str(locked["digest"])
    by_digest = f"{repository}@{digest}"
    for name in (str(locked["id"]), by_digest, reference):
        there = engine.image(name)
        if there is not None and _is_locked(there, locked):
            return there
    try:
        found = pulled(engine, by_digest, login, operation)
    except AuthError:
        raise
    except UnreachableError:
        raise
    except ProviderError as failure:
        raise NotFoundError(
            "The locked base image cannot be had",
            f"amlplan.lock has {reference} as {digest}. The engine lacks it, and a pull failed: "
            f"{failure.detail} Bring it to the engine again, or take the one of today: amlplan "
            "lock -upgrade",
        ) from failure
    if not _is_locked(found, locked):
        raise ProviderError(
            "The locked base image is another one",
            f"amlplan.lock has {reference} as {locked['id']}, and what the registry gave for its "
            f"digest is {found.id}. Lock it anew: amlplan lock -upgrade",
        )
    return found


def _is_locked(seen: ImageSeen, locked: Mapping[str, JsonValue]) -> bool:
    return seen.id == locked["id"] or list(seen.layers) == list(locked["layers"])


def pulled(
    engine: Engine, reference: str, login: Credentials | None, operation: OperationHandle
) -> ImageSeen:
    """Pull an image by its tag or digest, telling how it goes."""
    operation.progress(f"pulling {reference} from {host_of(reference)}")
    repository, at, digest = reference.partition("@")
    repository, tag = divided(repository)
    return engine.pull(
        repository, digest if at else tag, auth=login, on_progress=told_once(operation)
    )


def platform_of(image: ImageSeen) -> str:
    """The platform as images are asked for, as in `linux/amd64`."""
    return f"{image.os}/{image.architecture}"


def digest_of_base(image: ImageSeen, reference: str) -> str:
    """What a registry knows the image by, else its id."""
    repository = divided(reference.partition("@")[0])[0]
    known = dict(name.split("@", 1) for name in sorted(image.digests, reverse=True) if "@" in name)
    found = known.get(repository) or next(
        (digest for name, digest in known.items() if name.endswith(f"/{repository}")), None
    )
    return found or image.id


def config_of(image: ImageSeen) -> dict[str, JsonValue]:
    """How its containers start, without labels of ours."""
    config = {name: image.config[name] for name in _KEPT if image.config.get(name)}
    labels = {name: value for name, value in image.labels.items() if not name.startswith(OURS)}
    return {**config, "Labels": labels} if labels else config


def _nowhere(reference: str, failure: ProviderError) -> NotFoundError:
    what = "No image with this id" if reference.startswith(PREFIX) else f"{reference}"
    return NotFoundError(
        "The base image does not exist",
        f"{what} is not at the engine, and no registry gave it: {failure.detail} Correct "
        "docker.base_image of the environment, or bring the image to the engine by docker pull, "
        "docker load or docker build.",
    )
