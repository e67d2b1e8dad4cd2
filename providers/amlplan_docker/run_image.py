"""The image that scripts of an environment run in: a base image and the packages, no more."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from amlplan.abilities import UnpacksEnvironments
from amlplan.errors import ProviderError
from amlplan.files import encode, make_folder, write_file
from amlplan.provider import Referred, has
from amlplan_docker.images.base_built import built_base
from amlplan_docker.images.base_found import (
    base_again,
    base_now,
    config_of,
    digest_of_base,
    platform_of,
)
from amlplan_docker.images.base_python import python_of
from amlplan_docker.images.made import Place, loaded, named
from amlplan_docker.images.request import ground_of
from amlplan_docker.labels import JOB
from amlplan_images.base import BaseImage, BasePython
from amlplan_images.dependencies import INTERPRETER, Dependencies, dependencies_layer
from amlplan_images.layer_cache import LayerCache
from amlplan_images.starting import settings_of_runs
from amlplan_images.written import WrittenImage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.containers import ContainerAsked
    from amlplan.provider import OperationHandle, ProviderContext
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ImageSeen
    from amlplan_docker.images.request import Ground

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class RunImage:
    """An image that is on its engine: what starts in it, and what it lies on."""

    id: str
    interpreter: str
    python: str
    base: str


def run_image(
    asked: ContainerAsked, engine: Engine, context: ProviderContext, operation: OperationHandle
) -> RunImage:
    """The image of a run's environment, made where the engine has none.

    The base image is the one that `amlplan.lock` names, where an image of the project locked it,
    else what its name means at the engine. Blocks; raises ProviderError.
    """
    environment = Referred(
        asked.environment.address, asked.environment.kind, asked.values, asked.lock
    )
    ground = ground_of({"platform": _platform(engine)}, environment)
    if ground is None:
        raise ProviderError(
            "The environment is not known whole",
            f"{environment.address} refers to something that was never applied. Run: amlplan apply",
        )
    base = _base(ground, asked.locked, engine, context.cache_folder, operation)
    wanted = Dependencies.of(environment.address, asked.values, asked.lock, base)
    provider = context.provider_of(asked.environment.kind)
    if not has(provider, UnpacksEnvironments):
        raise ProviderError(
            "The environment cannot go into an image",
            f"{asked.environment.kind} is of a provider that gives its packages to no image.",
        )
    layer = dependencies_layer(wanted, base, provider, LayerCache(context.cache_folder), operation)
    image = WrittenImage.of(base, [layer], settings_of_runs())
    place = Place(engine, JOB, image.id, asked.environment.identity)
    seen = engine.image(image.id)
    seen = loaded(image, place, operation) if seen is None else named(seen, place)
    return RunImage(seen.id, INTERPRETER, base.python.version, base.digest)


def _platform(engine: Engine) -> str:
    facts = engine.facts()
    return f"{facts.os}/{_MACHINES.get(facts.architecture, facts.architecture)}"


def _base(
    ground: Ground,
    locked: Mapping[str, Mapping[str, Any]],
    engine: Engine,
    cache_folder: Path,
    operation: OperationHandle,
) -> BaseImage:
    """The base as it is at the engine, with apt and steps done to it where they are asked for."""
    entry = locked.get(ground.request.key)
    if entry is None:
        seen = base_now(engine, ground.reference, None, operation, anew=False)
        digest = digest_of_base(seen, ground.reference)
    else:
        seen = base_again(engine, ground.reference, entry, None, operation)
        digest = str(entry["digest"])
    if ground.is_built:
        key = ground.built_request(digest).key
        seen = built_base(engine, seen, key, ground.labelled_text, operation)
    return BaseImage(
        digest=digest,
        id=seen.id,
        platform=platform_of(seen),
        layers=seen.layers,
        config=config_of(seen),
        python=_python(seen, ground, engine, cache_folder),
    )


def _python(seen: ImageSeen, ground: Ground, engine: Engine, cache_folder: Path) -> BasePython:
    """The Python of an image, which is asked once on this machine."""
    name = hashlib.sha256(f"{seen.id} {ground.python}".encode()).hexdigest()
    note = cache_folder / "pythons" / f"{name}.json"
    try:
        return BasePython(**json.loads(note.read_bytes()))
    except (OSError, ValueError, TypeError):
        python = python_of(engine, seen.id, ground.python)
    if python is None:
        raise ProviderError(
            "The base image has no Python",
            f"{ground.reference} has none on its PATH, and scripts are run with it. Choose another "
            "docker.base_image, or let apt install one.",
        )
    with suppress(ProviderError):  # a cache that cannot be written is done without
        make_folder(note.parent)
        write_file(note, encode(asdict(python)))
    return python
