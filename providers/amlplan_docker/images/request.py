"""What an image needs resolved into `amlplan.lock`: its base, and the layers made for it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amlplan.digests import PREFIX
from amlplan.errors import ProviderError
from amlplan.provider import LockRequest
from amlplan_images.dependencies import Dependencies
from amlplan_images.dockerfile import dockerfile
from amlplan_images.server import server_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import Referred
    from amlplan_images.base import BaseImage
    from amlplan_images.image_document import Serving
    from amlplan_schemas.base import JsonValue

PLATFORM = "linux/amd64"
"""What images are for where their block names nothing."""
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
BASE, BUILT, LAYERS = "base image", "built base", "image layers"


@dataclass(frozen=True, slots=True)
class Ground:
    """What an image is to lie on: a base image, and what is done to it before.

    `python` is the version that the environment names, None where its conda file has it.
    """

    reference: str
    platform: str
    python: str | None
    apt: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()

    @property
    def is_built(self) -> bool:
        """Whether a Dockerfile makes the base, which is then known once it is built only."""
        return bool(self.apt or self.steps)

    @property
    def request(self) -> LockRequest:
        """What the tag of the base image means."""
        return _request(BASE, {"reference": self.reference, "platform": self.platform})

    def built_request(self, base_digest: str) -> LockRequest:
        """Which Python the base has after apt and steps, which may bring another."""
        asked = {
            "base": base_digest,
            "platform": self.platform,
            "apt": list(self.apt),
            "steps": list(self.steps),
        }
        return _request(BUILT, asked)

    def text(self, base: str) -> str | None:
        """The Dockerfile that makes the base, by what it starts from; None where none does."""
        return dockerfile(base, self.apt, self.steps) if self.is_built else None

    def labelled_text(self, base: str, labels: Mapping[str, str]) -> str:
        """The same with labels, which come first: what is left of a build has them too."""
        first, _, rest = dockerfile(base, self.apt, self.steps).partition("\n")
        told = " ".join(f'"{name}"="{value}"' for name, value in labels.items())
        return f"{first}\nLABEL {told}\n{rest}"


def ground_of(values: Mapping[str, JsonValue], environment: Referred) -> Ground | None:
    """What an image with these inputs lies on; None while that is not known.

    Raises ProviderError where no base image can be told.
    """
    known = environment.values
    if "platform" not in values or not {"docker", "python"} <= known.keys():
        return None
    docker = known["docker"] or {}
    python = known["python"]
    reference = docker.get("base_image")
    if reference is None:
        if python is None:
            raise ProviderError(
                "No base image",
                f"{environment.address} names no Python and no base image. Give it "
                'docker { base_image = "python:3.11-slim" }, with the Python that it needs.',
            )
        reference = f"python:{_minor(python)}-slim"
    apt, steps = tuple(docker.get("apt") or ()), tuple(docker.get("steps") or ())
    return Ground(reference, platform_asked(values), python and _minor(python), apt, steps)


def platform_asked(values: Mapping[str, JsonValue]) -> str:
    """The platform that an image with these inputs is for."""
    return str(values.get("platform") or PLATFORM)


def base_entry(ground: Ground, lock: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The locked base, with the Python that it has in the end; None while that is not locked."""
    entry = lock.get(ground.request.key)
    if entry is None:
        return None
    if not ground.is_built:
        return entry
    built = lock.get(ground.built_request(entry["digest"]).key)
    return None if built is None else {**entry, "python": built["python"]}


def check_base(ground: Ground, entry: Mapping[str, Any], address: str) -> None:
    """Raise ProviderError where the base has no Python in the end."""
    if entry["python"] is None:
        raise ProviderError(
            "The base image has no Python",
            f"{ground.reference} has none. Choose one that has, or install it by docker.apt of "
            f'{address}, as in apt = ["python3"].',
        )


def check_platform(platform: str, builder: Referred | None) -> None:
    """Raise ProviderError where an image is for another architecture than its engine."""
    facts = builder.values.get("facts") if builder is not None else None
    known = str((facts or {}).get("architecture") or "")
    machine = _MACHINES.get(known, known)
    if builder is not None and machine and machine != platform.partition("/")[2]:
        raise ProviderError(
            "An image for another architecture than its engine",
            f"The engine of {builder.address} is {known}, and the image is for {platform}. Set "
            f'platform = "linux/{machine}", or name a builder of that architecture.',
        )


def layers_request(base: BaseImage, environment: Referred, serving: Serving) -> LockRequest | None:
    """What the layers of dependencies and server measure; None while the environment is not locked.

    Raises ProviderError where the environment cannot go into an image on that base.
    """
    if not environment.lock and not environment.values.get("user_managed"):
        return None
    wanted = Dependencies.of(environment.address, environment.values, environment.lock, base)
    has_server = serving.server == "amlplan"
    asked = {
        "platform": base.platform,
        "python": base.python.version,
        "dependencies": wanted.key(base),
        "server": server_key(base) if has_server else None,
    }
    return _request(LAYERS, asked)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _request(kind: str, asked: dict[str, JsonValue]) -> LockRequest:
    text = json.dumps([kind, asked], sort_keys=True)
    return LockRequest(PREFIX + hashlib.sha256(text.encode()).hexdigest(), kind, asked)
