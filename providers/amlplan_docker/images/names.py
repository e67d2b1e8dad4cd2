"""What images are called on engines and in registries."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from amlplan.errors import ProviderError

PREFIX = "sha256:"
OURS = "amlplan"
BASES = f"{OURS}/base"
"""The repository of bases: those that images rest on, and those that were built."""
USES = f"{OURS}/use"
"""The repository of tags that keep an image from being cleared away, one for each user of it."""
SHORT = 12
"""Characters of a digest that stand in a tag."""

_HOST = r"(?:[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+|localhost|[a-zA-Z0-9-]+(?=:)|\[[0-9a-fA-F:]+\])"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = rf"{_PART}(?:/{_PART})*"
_REPOSITORY = rf"(?P<repository>(?:(?P<host>{_HOST}(?::\d+)?)/)?{_PATH})"
_REGISTRY = re.compile(rf"{_HOST}(?::\d+)?(?:/{_PATH})?|{_PATH}")
_BY_DIGEST = re.compile(rf"{_REPOSITORY}(?::[\w.-]+)?@(?P<digest>sha256:[0-9a-f]{{64}})")
_DOCKER_HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class ByDigest:
    """An image in a registry, named by the digest of its manifest."""

    repository: str
    digest: str

    @property
    def text(self) -> str:
        """The name that an engine takes."""
        return f"{self.repository}@{self.digest}"


def by_digest(reference: str) -> ByDigest:
    """A reference as users write it; raises ProviderError for one without a digest."""
    match = _BY_DIGEST.fullmatch(reference)
    if match is None:
        raise ProviderError(
            "An image reference without a digest",
            f'reference is "{reference}", and a tag may move. Write it with the digest of its '
            "manifest, as in registry.example.net/fraud/scorer@sha256:… with 64 characters.",
        )
    return ByDigest(match["repository"], match["digest"])


def repository_of(registry: str | None, name: str) -> str:
    """Where an image of a name lies: in a registry, or among ours on the engine."""
    if registry is None:
        return f"{OURS}/{name}"
    if _REGISTRY.fullmatch(registry) is None:
        raise ProviderError(
            "An invalid registry",
            f'registry is "{registry}". Write its host, a port where it has one, and a path in '
            "small letters, as in registry.example.net:5000/fraud, without https://.",
        )
    return f"{registry}/{name}"


def short(digest: str) -> str:
    """A digest as it stands in a tag."""
    return digest.removeprefix(PREFIX)[:SHORT]


def tag_of(registry: str | None, name: str, digest: str) -> str:
    """The full name of the image with a content digest."""
    return f"{repository_of(registry, name)}:{short(digest)}"


def use_of(holder: str) -> str:
    """The name under which a user of an image, by its identity, keeps it."""
    return f"{USES}:{hashlib.sha256(holder.encode()).hexdigest()[:32]}"


def divided(name: str) -> tuple[str, str]:
    """The repository and the tag of a full name."""
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return name, "latest"
    return repository, tag


def host_of(repository: str) -> str:
    """The registry's host and port; that of Docker's own where the name has none."""
    first, slash, _ = repository.partition("/")
    has_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return first if has_host else _DOCKER_HUB
