"""The container of a front: what it is asked to be, and when it is made again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from amlplan_docker.deployments.documents import (
    CERTIFICATE,
    DATA,
    PRIVATE_KEY,
    SETTINGS,
    put_files,
)
from amlplan_docker.deployments.ports import PORT, Published, published_of
from amlplan_docker.deployments.replica import LINK
from amlplan_docker.engine.specification import ContainerSpec
from amlplan_docker.labels import FRONT, ROLE
from amlplan_serve.client import FrontSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_docker.deployments.front_image import FrontImage
    from amlplan_docker.deployments.replica import Place
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen
    from amlplan_schemas.base import JsonValue

LISTEN = "127.0.0.1"
"""The address of the engine's host that a front has where nothing is said."""
RESTART = "unless-stopped"
DRAIN = 30
"""Seconds that requests get to finish when a front ends."""
SERVER = "amlplan.server"
"""The label with the version of the server in a front."""
CONTROL = "/tmp/amlplan-control.sock"  # noqa: S108 - in a container of its own
"""Not in the volume, which two fronts share while one takes over from the other."""


@dataclass(frozen=True, slots=True)
class FrontWish:
    """What a front is to be: its image, where it listens (any port where none is asked for), TLS.

    `tls` has the contents of certificate and key.
    """

    image: FrontImage
    listen: str
    port: int | None
    with_keys: bool
    tls: tuple[bytes, bytes] | None = None

    @property
    def settings(self) -> FrontSettings:
        """What its server is told."""
        return FrontSettings(auth="key" if self.with_keys else "none", tls=self.tls is not None)


def front_spec(wish: FrontWish, port: int, where: Place) -> ContainerSpec:
    """The container at a port."""
    names = where.names
    return ContainerSpec(
        name=names.front,
        image=wish.image.id,
        command=("front",),
        env={"AMLPLAN_DATA": DATA, "AMLPLAN_LINK": LINK, "AMLPLAN_CONTROL": CONTROL},
        labels={**where.labels, ROLE: FRONT, SERVER: wish.image.version},
        ports={PORT: (wish.listen, port)},
        volumes={names.data: (DATA, "rw"), names.link: (LINK, "rw")},
        network=where.network,
        aliases=(names.front,),
        restart=RESTART,
        user="0:0",  # its volumes are root's, whatever user the base image has
        stop_timeout=DRAIN,
    )


def front_files(engine: Engine, container: str, wish: FrontWish) -> None:
    """Put into the volume of a front what it reads as it starts."""
    files = {SETTINGS: json.dumps(asdict(wish.settings)).encode()}
    if wish.tls is not None:
        files[CERTIFICATE], files[PRIVATE_KEY] = wish.tls
    put_files(engine, container, files)


def remade_reasons(seen: ContainerSeen, wish: FrontWish, where: Place) -> list[str]:
    """Why a front has to be made again, in words; none where it need not."""
    kept = SERVER in seen.labels and seen.labels[SERVER] == wish.image.version
    return [
        *([] if kept else ["another version of its server"]),
        *_others(seen, where, wish.listen, wish.port),
    ]


def reasons_foreseen(
    seen: ContainerSeen,
    where: Place,
    wanted: Mapping[str, JsonValue],
    version: str,
) -> list[str]:
    """The same from what a plan knows."""
    kept = seen.labels.get(SERVER) == version
    return [
        *([] if kept else ["another version of its server"]),
        *_others(seen, where, str(wanted.get("listen") or LISTEN), wanted.get("port")),
    ]


def _others(seen: ContainerSeen, where: Place, listen: str, port: int | None) -> list[str]:
    found = published_of(seen) or Published("", 0)
    volumes = {item.name for item in seen.mounts}
    reasons = {
        f"port {found.port} -> {port}": port is not None and found.port != port,
        f"address {found.address} -> {listen}": found.address != listen,
        "its volumes": not {where.names.data, where.names.link} <= volumes,
        "its restart policy": seen.restart_policy != RESTART,
        "its network": seen.is_running and where.network not in seen.networks,
    }
    return [reason for reason, is_so in reasons.items() if is_so]
