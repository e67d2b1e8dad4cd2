"""Takes everything of a deployment off its engine; may be repeated, and finds what others left."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_docker.deployments.documents import read_files
from amlplan_docker.engine.failures import NotThereError
from amlplan_docker.images.use import let_go_of_image
from amlplan_docker.labels import FRONT, IDENTITY, ROLE

if TYPE_CHECKING:
    from amlplan_docker.deployments.names import Names
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen

DRAIN = 30
"""Seconds that requests get to finish when a deployment ends."""
QUICK = 10
"""Seconds that a container gets which answers nobody any more."""


def remove_deployment(engine: Engine, names: Names, last: int = 0) -> None:
    """Remove its containers, the front first, then its volumes; what it held is let go before.

    `last` is the newest revision that is known, for one whose documents cannot be read.
    """
    let_go_of_images(engine, names, last)
    labels = {IDENTITY: names.identity}
    for container in sorted(engine.containers(labels), key=_order):
        is_front = container.labels.get(ROLE) == FRONT
        with contextlib.suppress(NotThereError):
            engine.stop(container.id, timeout=DRAIN if is_front else QUICK)
        with contextlib.suppress(NotThereError):
            engine.remove_container(container.id, force=True)
    for volume in engine.volumes(labels):
        with contextlib.suppress(NotThereError):
            engine.remove_volume(volume.name, force=True)


def let_go_of_images(engine: Engine, names: Names, last: int) -> None:
    """Hold no image for any revision any more."""
    numbers = set(range(1, last + 2))
    with contextlib.suppress(ProviderError):
        document = read_files(engine, names.front, names.identity).document
        if document is not None:
            numbers = {*document.revisions, document.last + 1}
    let_go_of_image(engine, names.front_holder)
    for number in numbers:
        let_go_of_image(engine, names.holder(number))


def _order(container: ContainerSeen) -> tuple[bool, str]:
    return container.labels.get(ROLE) != FRONT, container.name
