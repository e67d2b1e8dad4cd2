"""Bases that a Dockerfile makes, for packages of Debian and free steps; built once per engine."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_docker.engine.failures import RefusedError
from amlplan_docker.images.docker_command import (
    Told,
    build_command,
    build_failed,
    build_with_command,
)
from amlplan_docker.images.names import BASES, short
from amlplan_docker.labels import BUILD, DIGEST, ROLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.provider import OperationHandle
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ImageSeen


def base_name(engine: Engine, base: ImageSeen) -> str:
    """A name of ours for a base image, so that it is built on and stays where its tag moves.

    BuildKit takes no id where it takes a name.
    """
    name = f"{BASES}:{short(base.id)}"
    if name not in base.tags:
        engine.tag(base.id, BASES, short(base.id))
    return name


def built_base(
    engine: Engine,
    base: ImageSeen,
    key: str,
    dockerfile: Callable[[str, dict[str, str]], str],
    operation: OperationHandle,
) -> ImageSeen:
    """The base with its packages and steps; one that this engine has built before is taken.

    `key` is a digest over all that goes into it, `dockerfile` gives the text for the name that it
    starts from and labels. Raises ProviderError with the end of the build's output.
    """
    name = f"{BASES}:{short(key)}"
    there = engine.image(name)
    if there is not None and there.labels.get(DIGEST) == key:
        return there
    # Labels come first, so that what a build that was killed left behind has them too.
    text = dockerfile(base_name(engine, base), {ROLE: BUILD, DIGEST: key})
    command = build_command()
    if command is None or (engine.address.scheme == "ssh" and engine.address.key_file):
        _build_classic(engine, text, name, operation)
    else:
        build_with_command(command, engine.command_line[1:], text, name, operation)
    built = engine.image(name)
    if built is None:
        raise ProviderError(
            "The base of an image could not be built",
            f"The build of {name} ended well, and the engine has no such image. Another builder "
            "may have been chosen by docker buildx; choose the engine's own: docker buildx use "
            "default",
        )
    return built


def _build_classic(engine: Engine, text: str, name: str, operation: OperationHandle) -> None:
    operation.progress("no docker command with BuildKit here; the engine's own builder is used")
    told = Told(operation.progress)

    def take(line: str) -> None:
        operation.check_cancelled()
        told.take(line)

    try:
        engine.build([_context(text)], tag=name, on_line=take)
    except RefusedError as failure:
        told.last.append(failure.detail.partition("\n")[0])
        raise build_failed(told.last) from failure


def _context(text: str) -> bytes:
    """The only file that a build needs, as an archive."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(text.encode())
        archive.addfile(member, io.BytesIO(text.encode()))
    return held.getvalue()
