"""The number of the user that a container runs as, so that a file can be for that user alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_docker.deployments.documents import unpacked
from amlplan_docker.engine.failures import NotThereError

if TYPE_CHECKING:
    from amlplan_docker.engine.client import Engine

PASSWD = "/etc/passwd"  # noqa: S105 - a file with names of users


def owner_of(engine: Engine, container: str, image_id: str) -> int:
    """The number of the user that the image names, which its own list of users may tell.

    Raises ProviderError for a name that is not in it.
    """
    image = engine.image(image_id)
    name = str((image.config.get("User") if image is not None else None) or "0").partition(":")[0]
    if name.isdecimal():
        return int(name)
    try:
        lines = next(unpacked(b"".join(engine.get(container, PASSWD))))[1].decode().splitlines()
    except (NotThereError, StopIteration):
        lines = []
    for line in lines:
        known, _, number, *_ = [*line.split(":"), "", ""]
        if known == name and number.isdecimal():
            return int(number)
    raise ProviderError(
        "The user of the image is not known",
        f"The image runs as {name}, which {PASSWD} in it does not have, so secrets cannot be put "
        "where that user alone may read them. Let the base image name its user by a number.",
    )
