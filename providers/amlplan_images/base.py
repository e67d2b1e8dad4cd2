"""The image that everything of ours lies on, as `amlplan.lock` keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.base import JsonValue

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True)
class BasePython:
    """The Python of a base image: its whole version, its program and its C library.

    `libc` is as in `glibc 2.36` or `musl 1.2`.
    """

    version: str
    executable: str
    libc: str

    @property
    def minor(self) -> str:
        """The version that packages are made for, as in 3.11."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True, slots=True)
class BaseImage:
    """A base image, resolved: never its tag, which may move.

    `digest` is what its registry knows it by, else its id. `platform` is as in `linux/amd64`,
    `layers` are diff ids, the lowest first, `config` is the part of its configuration that says
    how containers start.
    """

    digest: str
    id: str
    platform: str
    layers: tuple[str, ...]
    config: Mapping[str, JsonValue] = field(hash=False)
    python: BasePython

    @property
    def architecture(self) -> str:
        """The architecture as engines call it."""
        return self.platform.split("/")[1]

    @property
    def packages_platform(self) -> str:
        """The platform as environments call it, as in `linux-x86_64`; raises ProviderError."""
        system, architecture = self.platform.split("/")[:2]
        if system != "linux" or architecture not in _MACHINES:
            raise ProviderError(
                "No packages for this platform",
                f"The base image is for {self.platform}, and packages can be put into images for "
                "linux/amd64 and linux/arm64. Choose another base image.",
            )
        return f"linux-{_MACHINES[architecture]}"

    @classmethod
    def from_lock(cls, document: Mapping[str, JsonValue]) -> BaseImage:
        """The image of an entry of `amlplan.lock`."""
        python = document["python"]
        return cls(
            digest=str(document["digest"]),
            id=str(document["id"]),
            platform=str(document["platform"]),
            layers=tuple(document["layers"]),
            config=document["config"],
            python=BasePython(
                str(python["version"]), str(python["executable"]), str(python["libc"])
            ),
        )

    def to_lock(self) -> dict[str, JsonValue]:
        """The entry of `amlplan.lock`."""
        python = self.python
        return {
            "digest": self.digest,
            "id": self.id,
            "platform": self.platform,
            "layers": list(self.layers),
            "config": dict(self.config),
            "python": {
                "version": python.version,
                "executable": python.executable,
                "libc": python.libc,
            },
        }
