"""The layer of the scoring server: its packages and its own files, for the base image's Python."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from amlplan.content import digest_over
from amlplan.digests import PREFIX, hash_file
from amlplan.errors import ProviderError
from amlplan_images.dependencies import Dependencies, to_unpack
from amlplan_images.entries import Entry, File, archive_of_entries
from amlplan_images.installed import Installed
from amlplan_images.layer_cache import key_of
from amlplan_images.layers import ROOT
from amlplan_serve.shipped import OLDEST_PYTHON, REQUIREMENTS, shipped_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.abilities import UnpacksEnvironments
    from amlplan.provider import OperationHandle
    from amlplan_images.base import BaseImage
    from amlplan_images.layer_cache import LayerCache
    from amlplan_images.layers import Layer
    from amlplan_schemas.base import JsonValue

NAME = "server"
SERVER = f"{ROOT}/server"
_PINNED = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)\s*(?:;\s*(?P<marker>.*))?")


def server_command(base: BaseImage) -> tuple[str, ...]:
    """What starts the server in a container; its mode comes after it."""
    # -I and -S: nothing of a variable, of the user or of the base's own packages gets in.
    return (base.python.executable, "-I", "-S", f"/{SERVER}")


@functools.cache
def server_version() -> str:
    """A digest over all that the server is made of, whatever the base image."""
    files = {name: PREFIX + hash_file(path) for name, path in shipped_files().items()}
    return digest_over({**files, REQUIREMENTS.name: PREFIX + hash_file(REQUIREMENTS)})


def server_key(base: BaseImage) -> str:
    """A digest over all that decides about the layer's bytes."""
    python = base.python
    return key_of(
        ["server", server_version(), python.version, python.libc, base.packages_platform],
    )


def server_layer(
    base: BaseImage, unpacks: UnpacksEnvironments, cache: LayerCache, operation: OperationHandle
) -> Layer:
    """The layer, from the cache where it was built before, else built; raises ProviderError."""
    check_python(base)
    key = server_key(base)
    measured = cache.measured(key)
    found = cache.built(NAME, measured) if measured is not None else None
    if found is not None:
        return found
    wanted = Dependencies(tuple(_pinned(REQUIREMENTS.read_text(encoding="utf-8"))))
    with cache.room() as folder:
        operation.progress(f"unpacking the scoring server for {base.platform}")
        unpacks.unpack(to_unpack(wanted, base), folder, operation)
        installed = Installed(folder, None, SERVER, base.python.executable)
        entries = [*installed.entries(), *_own_files()]
        return cache.keep(NAME, key, archive_of_entries(entries), operation.check_cancelled)


def check_python(base: BaseImage) -> None:
    """Raise ProviderError where the server does not run under the base's Python."""
    if tuple(map(int, base.python.minor.split("."))) < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise ProviderError(
            "The base image's Python is too old",
            f"The base image has Python {base.python.version}, and the scoring server needs "
            f'{oldest} or newer. Choose another base image, or server = "none" with a server of '
            "your own.",
        )


def _own_files() -> Iterator[Entry]:
    for name, path in shipped_files().items():
        yield File(f"{SERVER}/{name}", path.stat().st_size, path)


def _pinned(text: str) -> Iterator[dict[str, JsonValue]]:
    """The packages of a requirements file that pins each by version and hashes."""
    for line in text.replace("\\\n", " ").splitlines():
        head, *hashes = line.split("--hash=")
        found = _PINNED.match(head.strip())
        if found is not None:
            package: dict[str, JsonValue] = {
                "name": found["name"],
                "version": found["version"],
                "hashes": [value.strip() for value in hashes],
            }
            if found["marker"]:
                package["marker"] = found["marker"].strip()
            yield package
