"""The Python of a base image, found out by a container that lives for a moment."""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from amlplan.errors import NotFoundError, ProviderError
from amlplan_docker.engine.specification import ContainerSpec
from amlplan_docker.labels import PROBE, ROLE
from amlplan_images.base import BasePython

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_docker.engine.client import Engine

LIMIT = 120.0
"""Seconds that a Python may take to tell what it is; engines may be busy."""
_SHELL = (
    'for each in "$@"; do command -v "$each" >/dev/null 2>&1 && exec "$each" -c "$TOLD"; done; '
    "exit 3"
)
_NONE_FOUND = 3
_TOLD = """
import glob, json, platform, subprocess, sys
name, version = platform.libc_ver()
for loader in [] if name else glob.glob("/lib/ld-musl-*"):
    child = subprocess.Popen([loader], stderr=subprocess.PIPE, universal_newlines=True)
    said = child.communicate()[1].split()
    name, version = "musl", said[said.index("Version") + 1] if "Version" in said else ""
print(json.dumps({
    "version": platform.python_version(),
    "executable": getattr(sys, "_base_executable", None) or sys.executable,
    "libc": (name + " " + version).strip(),
}))
"""


def python_of(engine: Engine, image_id: str, wanted: str | None) -> BasePython | None:
    """The Python of an image, that of the wanted version where it has several; None without one.

    Raises ProviderError where a container of the image cannot be run.
    """
    names = [f"python{wanted}"] if wanted else []
    command = ("-c", _SHELL, "sh", *names, "python3", "python")
    with _probe(engine, image_id, command) as container:
        code = engine.wait(container, LIMIT)
        said = b"".join(engine.logs(container)).decode(errors="replace")
    if code == _NONE_FOUND:
        return None
    if code:
        raise _fails(image_id, f"It ended with {code} and said: {said.strip()[-500:]}")
    told = _last_document(said)
    if told is None:
        raise _fails(image_id, f"It said: {said.strip()[-500:]}")
    return BasePython(str(told["version"]), str(told["executable"]), str(told["libc"]))


@contextmanager
def _probe(engine: Engine, image_id: str, command: tuple[str, ...]) -> Iterator[str]:
    """A container that was started; it is gone afterwards. What a kill leaves has its label."""
    container = engine.create_container(
        ContainerSpec(
            name=f"amlplan-probe-{secrets.token_hex(6)}",
            image=image_id,
            entrypoint=("/bin/sh",),
            command=command,
            env={"TOLD": _TOLD},
            labels={ROLE: PROBE},
            network="none",
        )
    )
    try:
        try:
            engine.start(container)
        except NotFoundError as failure:
            raise _no_shell(image_id) from failure
        except ProviderError as failure:
            if "no such file" in failure.detail.lower():
                raise _no_shell(image_id) from failure
            raise
        yield container
    finally:
        engine.remove_container(container, force=True)


def _last_document(said: str) -> dict[str, Any] | None:
    for line in reversed(said.splitlines()):
        if line.startswith("{"):
            try:
                document: dict[str, Any] = json.loads(line)
            except ValueError:
                return None
            return document
    return None


def _no_shell(image_id: str) -> ProviderError:
    return ProviderError(
        "The base image has no shell",
        f"{image_id} has no /bin/sh, by which its Python is looked for. Choose a base image with "
        "a shell and a Python.",
    )


def _fails(image_id: str, why: str) -> ProviderError:
    return ProviderError(
        "The Python of the base image does not run",
        f"A container of {image_id} was to tell its Python. {why}",
    )
