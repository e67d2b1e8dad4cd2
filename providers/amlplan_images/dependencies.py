"""The layer of dependencies: a virtual environment for the base image's Python."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.abilities import ToUnpack
from amlplan.errors import ProviderError
from amlplan_images.entries import File, Link, archive_of_entries
from amlplan_images.installed import Installed
from amlplan_images.layer_cache import key_of
from amlplan_images.layers import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.abilities import UnpacksEnvironments
    from amlplan.provider import OperationHandle
    from amlplan_images.base import BaseImage
    from amlplan_images.entries import Entry
    from amlplan_images.layer_cache import LayerCache
    from amlplan_images.layers import Layer
    from amlplan_schemas.base import JsonValue

NAME = "dependencies"
ENVIRONMENT = f"{ROOT}/environment"
INTERPRETER = f"/{ENVIRONMENT}/bin/python"
"""The Python of an image that scripts are run with."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What an environment was locked to, with its inputs, which may hold secrets."""

    packages: tuple[Mapping[str, JsonValue], ...]
    values: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        address: str,
        values: Mapping[str, JsonValue],
        lock: Mapping[str, Mapping[str, JsonValue]],
        base: BaseImage,
    ) -> Dependencies:
        """Those of an environment block with its entries of `amlplan.lock`.

        Raises ProviderError where it cannot go into an image on that base.
        """
        if values.get("user_managed"):
            raise ProviderError(
                "An interpreter of a host in an image",
                f"{address} is an interpreter that you keep yourself, and an image needs packages "
                "that can be put into it. Give it requirements in place of user_managed.",
            )
        if not lock:
            raise ProviderError(
                "The requirements are not locked",
                f"amlplan.lock has no answer for {address}. Run: amlplan init",
            )
        _check_python(address, values, lock, base)
        packages = [package for entry in lock.values() for package in entry["packages"]]
        for entry in lock.values():
            only = (entry.get("conda") or {}).get("only")
            if only:
                raise ProviderError(
                    "Only conda can build the environment",
                    f"An image is built from wheels, and the package index has not all that the "
                    f"conda file of {address} asks for: {only}",
                )
        return cls(tuple(packages), values)

    def key(self, base: BaseImage) -> str:
        """A digest over all that decides about the layer's bytes."""
        return key_of(["dependencies", list(self.packages), _python_of(base)])


def dependencies_layer(
    wanted: Dependencies,
    base: BaseImage,
    unpacks: UnpacksEnvironments,
    cache: LayerCache,
    operation: OperationHandle,
) -> Layer:
    """The layer, from the cache where it was built before, else built; raises ProviderError."""
    key = wanted.key(base)
    measured = cache.measured(key)
    found = cache.built(NAME, measured) if measured is not None else None
    if found is not None:
        return found
    with cache.room() as folder:
        if wanted.packages:
            operation.progress(f"unpacking packages for {base.platform}")
            unpacks.unpack(to_unpack(wanted, base), folder, operation)
        packages = f"{ENVIRONMENT}/lib/python{base.python.minor}/site-packages"
        installed = Installed(folder, ENVIRONMENT, packages, INTERPRETER)
        entries = [*environment_entries(base), *installed.entries()]
        operation.progress(f"writing the layer of {NAME}")
        pieces = archive_of_entries(entries)
        return cache.keep(NAME, key, pieces, operation.check_cancelled)


def to_unpack(wanted: Dependencies, base: BaseImage) -> ToUnpack:
    """The packages for the Python of a base image."""
    return ToUnpack(
        packages=wanted.packages,
        python=base.python.version,
        platform=base.packages_platform,
        libc=base.python.libc,
        values=wanted.values,
    )


def environment_entries(base: BaseImage) -> list[Entry]:
    """A virtual environment without packages on a base image's Python."""
    python = base.python
    settings = {
        "home": posixpath.dirname(python.executable),
        "include-system-site-packages": "false",
        "version": python.version,
    }
    text = "".join(f"{name} = {value}\n" for name, value in settings.items())
    return [
        File.of(f"{ENVIRONMENT}/pyvenv.cfg", text.encode()),
        Link(f"{ENVIRONMENT}/bin/python", python.executable),
        Link(f"{ENVIRONMENT}/bin/python3", "python"),
        Link(f"{ENVIRONMENT}/bin/python{python.minor}", "python"),
    ]


def _python_of(base: BaseImage) -> list[str]:
    python = base.python
    return [python.version, python.executable, python.libc, base.packages_platform]


def _check_python(
    address: str,
    values: Mapping[str, JsonValue],
    lock: Mapping[str, Mapping[str, JsonValue]],
    base: BaseImage,
) -> None:
    locked = (entry["python"] for entry in lock.values() if "python" in entry)
    wanted = next(locked, None) or values.get("python")
    if wanted and not f"{base.python.version}.".startswith(f"{wanted}."):
        raise ProviderError(
            "The base image has another Python",
            f"{address} asks for Python {wanted}, and the base image has {base.python.version}. "
            "Choose another base image, or that Python for the environment.",
        )
    platforms = values.get("platforms")
    if platforms and base.packages_platform not in platforms:
        raise ProviderError(
            "The environment is not for the image's platform",
            f"{address} is locked for {', '.join(platforms)}, and the base image is for "
            f"{base.packages_platform}. Add that to its platforms, then lock again.",
        )
